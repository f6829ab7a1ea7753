import { TarFormatError } from './tar-format-error.js';

/**
 * Refuses a pax or GNU long-name header that the parser would take for something else than other tar programs do.
 *
 * @param metadata the header's content
 * @throws TarFormatError
 */
export function checkTarMetadata(metadata: string): void {
  if (/(?:^|\n)\d+ GNU\.sparse\./.test(metadata)) throw new TarFormatError('sparse files are not supported');
  const record = /(?:^|\n)((\d+) path=[^]*)/.exec(metadata);
  if (record === null) return;
  const [, text = '', length = ''] = record;
  const path = Buffer.from(text).subarray(0, Number(length)).toString();
  // pax: "%d %s=%s\n", where the number counts the bytes of the record, its newline included.
  // eslint-disable-next-line no-control-regex
  if (!/^\d+ path=[^\u0000-\u001f\u007f]+\n$/.test(path)) {
    throw new TarFormatError('an extended header holds an unusable name');
  }
}
