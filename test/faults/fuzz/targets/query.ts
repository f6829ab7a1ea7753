import { isValidCredential } from '../../../../src/auth/credential.js';
import { parseRange } from '../../../../src/http/byte-range.js';
import { decodePercent, parseQuery, splitTarget } from '../../../../src/http/request-target.js';

/** A request target and a range: nothing of them is refused, nothing throws. */
export const fuzz = (bytes: Buffer): Promise<void> => {
  const text = bytes.toString('latin1');
  const { rawPath, rawQuery } = splitTarget(text);
  decodePercent(rawPath);
  isValidCredential(parseQuery(rawQuery), 'token', rawPath);
  parseRange(text, 1_000);
  return Promise.resolve();
};
