import type { HeaderData } from 'tar';
import { parsePaxRecords } from './pax-records.js';
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
      const name = content.toString().split('\0', 1)[0] ?? '';
      if (LONG_PATH.includes(type)) extended = { ...extended, path: name };
      else if (LONG_LINK.includes(type)) extended = { ...extended, linkpath: name };
      else if (EXTENDED.includes(type)) extended = { ...extended, ...readRecords(content) };
      else {
        global = { ...global, ...readRecords(content) };
        if (global.size !== undefined) throw new TarFormatError('a global header states a size');
      }
    },
    forgetEntry() {
      extended = undefined;
    },
  };
}

/** What a pax header says of an entry; other keywords are passed over. */
function readRecords(content: Buffer): HeaderData {
  const records = parsePaxRecords(content);
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw new TarFormatError('sparse files are not supported');
  }
  const data: HeaderData = {};
  for (const key of ['path', 'linkpath'] as const) {
    const name = records.get(key);
    if (name === '' || name?.includes('\0') === true) {
      throw new TarFormatError('an extended header holds an unusable name');
    }
    if (name !== undefined) data[key] = name;
  }
  for (const key of ['size', 'uid', 'gid'] as const) {
    const number = records.get(key);
    if (number === undefined) continue;
    if (!/^\d+$/.test(number)) throw new TarFormatError(`an extended header states an impossible ${key}`);
    data[key] = Number(number);
  }
  const mtime = records.get('mtime');
  if (mtime !== undefined) data.mtime = new Date(1000 * Number(mtime));
  return data;
}
