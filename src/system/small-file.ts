import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import { ignoreMissing } from '../core/errors.js';
import { openAtOnce, requireRegular } from '../core/read-only.js';

/** What is read is made a string at once, so that one buffer does for all. */
const start = Buffer.alloc(4096);

/**
 * At most the first `limitBytes`, of up to 4096, of a small text file, or undefined where there is none. For files that every request
 * looks at: read at once it takes microseconds, while the thread pool, which uploads keep busy, would be asked three
 * times.
 *
 * @throws UnusableFile for something else in its place
 */
export function readSmallFile(path: string, limitBytes: number): string | undefined {
  const file = openUnlessMissing(path);
  if (file === undefined) return undefined;
  try {
    requireRegular(path, fstatSync(file));
    return start.toString('utf8', 0, readSync(file, start, 0, limitBytes, 0));
  } finally {
    closeSync(file);
  }
}

/** In bytes; undefined where there is no such file. @throws UnusableFile for something else, whose size says nothing */
export function sizeOfSmallFile(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) requireRegular(path, stats);
  return stats?.size;
}

function openUnlessMissing(path: string): number | undefined {
  try {
    return openAtOnce(path);
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}
