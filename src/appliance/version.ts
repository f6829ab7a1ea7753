import { readTextStart } from '../system/atomic-file.js';

const LIMIT_BYTES = 1024;

/** The first line of a `version.txt`, of its first 1024 bytes; undefined where there is none. */
export async function readVersion(file: string): Promise<string | undefined> {
  const text = await readTextStart(file, LIMIT_BYTES);
  return text?.split('\n', 1)[0]?.trim() || undefined;
}
