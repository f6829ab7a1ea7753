import { closeSync, fstatSync, readSync, statSync, type Stats } from 'node:fs';
import { ignoreMissing } from '../core/errors.js';
import { openAtOnce, requireRegular } from '../core/read-only.js';

interface Read {
  /** What the file was when it was read: whatever changes it changes this. */
  readonly stamp: string;
  readonly text: string;
}

/** What is read is made a string at once, so that one buffer does for all. */
const start = Buffer.alloc(4096);
/** A second change within one tick of the file system's clock would leave the same stamp. */
const SETTLED_MS = 2_000;
const lastRead = new Map<string, Read>();

/**
 * At most the first `limitBytes`, of up to 4096, of a small text file, or undefined where there is none. For the few files
 * that every request looks at: done at once it takes microseconds, while the thread pool, which uploads keep busy, would be
 * asked three times. A file that is as it was when it was read last is not read again.
 *
 * @throws UnusableFile for something else in its place
 */
export function readSmallFile(path: string, limitBytes: number): string | undefined {
  const stats = statOf(path);
  if (!stats) return undefined;
  const known = lastRead.get(path);
  if (known?.stamp === stampOf(stats)) return known.text;
  const file = openUnlessMissing(path);
  if (file === undefined) return undefined;
  try {
    const current = fstatSync(file);
    requireRegular(path, current);
    const text = start.toString('utf8', 0, readSync(file, start, 0, limitBytes, 0));
    if (Math.abs(Date.now() - current.ctimeMs) > SETTLED_MS) {
      lastRead.set(path, { stamp: stampOf(current), text });
    }
    return text;
  } finally {
    closeSync(file);
  }
}

/** In bytes; undefined where there is no such file. @throws UnusableFile for something else, whose size says nothing */
export function sizeOfSmallFile(path: string): number | undefined {
  return statOf(path)?.size;
}

function statOf(path: string): Stats | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) requireRegular(path, stats);
  return stats;
}

/** The time of the last change of any kind cannot be set, other than that of the content. */
function stampOf({ dev, ino, size, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${ctimeMs}`;
}

function openUnlessMissing(path: string): number | undefined {
  try {
    return openAtOnce(path);
  } catch (error) {
    ignoreMissing(error);
    return undefined;
  }
}
