import { readTextFile } from '../system/atomic-file.js';

/** The first line of `version.txt`, or undefined where there is none. */
export async function readVersion(file: string): Promise<string | undefined> {
  const text = await readTextFile(file);
  return text?.split('\n', 1)[0]?.trim() || undefined;
}
