import { Pax, type HeaderData } from 'tar';
import { TarFormatError } from './tar-format-error.js';

/** What pax and GNU headers say of the entries that follow them. */
export interface TarMetadata {
  /** Of the next entry. */
  readonly extended: HeaderData | undefined;
  /** Of all further ones. */
  readonly global: HeaderData | undefined;
  /** @throws TarFormatError */
  add(type: string, content: Buffer): void;
  /** The next entry has come. */
  forgetEntry(): void;
}

/** Of one header: a path of 4096 bytes and extended attributes. */
export const METADATA_LIMIT_BYTES = 128 * 1024;

const LONG_PATH = ['NextFileHasLongPath', 'OldGnuLongPath'];
const LONG_LINK = ['NextFileHasLongLinkpath'];
const EXTENDED = ['ExtendedHeader', 'OldExtendedHeader'];
const GLOBAL = ['GlobalExtendedHeader'];
const TYPES = new Set([...LONG_PATH, ...LONG_LINK, ...EXTENDED, ...GLOBAL]);

export function isTarMetadata(type: string): boolean {
  return TYPES.has(type);
}

export function createTarMetadata(): TarMetadata {
  let extended: HeaderData | undefined;
  let global: HeaderData | undefined;
  return {
    get extended() {
      return extended;
    },
    get global() {
      return global;
    },
    add(type, content) {
      const text = content.toString();
      const name = text.split('\0', 1)[0] ?? '';
      if (LONG_PATH.includes(type)) extended = { ...extended, path: name };
      else if (LONG_LINK.includes(type)) extended = { ...extended, linkpath: name };
      else {
        checkRecords(text);
        if (EXTENDED.includes(type)) extended = Pax.parse(text, extended);
        else global = Pax.parse(text, global, true);
        if (global?.size !== undefined) throw new TarFormatError('a global header states a size');
      }
    },
    forgetEntry() {
      extended = undefined;
    },
  };
}

/** Refuses what the parser of records would take for something else than other tar programs do. */
function checkRecords(text: string): void {
  if (/(?:^|\n)\d+ GNU\.sparse\./.test(text)) throw new TarFormatError('sparse files are not supported');
  const record = /(?:^|\n)((\d+) (?:path|linkpath)=[^]*)/.exec(text);
  if (record === null) return;
  const [, rest = '', length = ''] = record;
  const path = Buffer.from(rest).subarray(0, Number(length)).toString();
  // pax: "%d %s=%s\n", where the number counts the bytes of the record, its newline included.
  // eslint-disable-next-line no-control-regex
  if (!/^\d+ (?:path|linkpath)=[^\u0000-\u001f\u007f]+\n$/.test(path)) {
    throw new TarFormatError('an extended header holds an unusable name');
  }
}
