import { TarFormatError } from './tar-format-error.js';

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const LENGTH_DIGITS = 10;

/**
 * The records of a pax header, `"%d %s=%s\n"`, where the number counts the bytes of the record, itself and the newline
 * included: a value may hold newlines. Of records with the same keyword the last one counts.
 *
 * @throws TarFormatError
 */
export function parsePaxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < content.length;) {
    const blank = content.subarray(start, start + LENGTH_DIGITS + 1).indexOf(SPACE);
    const length = content.toString('latin1', start, start + Math.max(blank, 0));
    const record = content.subarray(start, start + Number(length));
    const equals = record.indexOf(EQUALS);
    const isWhole = record.length === Number(length) && record.at(-1) === NEWLINE;
    if (!/^[1-9]\d*$/.test(length) || !isWhole || equals <= blank + 1) {
      throw new TarFormatError('an extended header is malformed');
    }
    records.set(
      record.toString('utf8', blank + 1, equals),
      record.toString('utf8', equals + 1, record.length - 1),
    );
    start += record.length;
  }
  return records;
}
