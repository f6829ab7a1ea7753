import { readSmallFile } from '../system/small-file.js';

const LIMIT_BYTES = 1024;

/** The first line of a `version.txt`, of its first 1024 bytes; undefined where there is none. */
export function readVersion(file: string): string | undefined {
  const text = readSmallFile(file, LIMIT_BYTES);
  return text?.split('\n', 1)[0]?.trim() || undefined;
}
