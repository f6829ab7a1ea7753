import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../core/errors.js';
import { readTextFile } from '../system/atomic-file.js';
import { openMakingDirectory } from '../system/open-making-directory.js';
import { freePath } from '../system/remove-tree.js';

const DIGITS = 16;
/** The daemon reads it without any right, whatever umask the runner was started with. */
const MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const { O_WRONLY, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
/** What a link would lead to is not the product's to write. */
const WRITE = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOFOLLOW;
/** How open(2) tells of a directory, of a link, and of a socket or a pipe that nobody reads. */
const NO_FILE: readonly string[] = ['EISDIR', 'ELOOP', 'ENXIO'];

/**
 * @returns bytes; undefined where no runner has recorded any, where a power cut has damaged that, which no process has survived,
 *   and where it cannot be read: a log that is too long keeps no job from starting
 */
export async function readLogEnd(file: string): Promise<number | undefined> {
  const text = (await readTextFile(file).catch(() => undefined)) ?? '';
  return /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/**
 * In place: each record is as long as the one before, and takes no space that a full disk would not have. What is damaged, or is
 * no file, is put right.
 *
 * @throws the system error
 */
export async function writeLogEnd(file: string, bytes: number): Promise<void> {
  const text = `${String(bytes).padStart(DIGITS, '0')}\n`;
  const handle = await openRecord(file).catch(async (error: unknown) => {
    if (!NO_FILE.includes(errnoOf(error) ?? '')) throw error;
    await freePath(file);
    return openRecord(file);
  });
  try {
    const stats = await handle.stat();
    if (stats.isFile() && (stats.mode & 0o777) !== MODE) await handle.chmod(MODE);
    await handle.write(text, 0);
    if (stats.size > text.length) await handle.truncate(text.length);
  } finally {
    await handle.close();
  }
}

function openRecord(file: string): Promise<FileHandle> {
  return openMakingDirectory(file, WRITE, MODE, DIRECTORY_MODE);
}
