import { lstat, open, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { AdminError, errnoOf } from '../core/errors.js';
import { AS_IT_IS } from '../system/as-it-is.js';

const OTHERS_WRITE = 0o022;
const ROOT = 0;
/** As much as the API takes of a form that holds settings or certificates. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * The content of a file that nobody but root, or who runs this process, can have written.
 *
 * @param what how messages call it
 * @throws AdminError for a link, a device, another owner, a file that others may write, or more than 1 MiB
 */
export async function readTrustedFile(path: string, what: string): Promise<Buffer> {
  const file = await open(path, AS_IT_IS).catch((error: unknown) => {
    throw refusal(what, `cannot be opened (${errnoOf(error) ?? 'unknown'})`);
  });
  try {
    return await readAll(file, what);
  } finally {
    await file.close();
  }
}

/** @throws AdminError unless `path` is a directory in which only root, or who runs this process, can put files */
export async function requireTrustedDirectory(path: string, what: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) throw refusal(what, 'is no directory');
  requireOwn(stats, what);
}

async function readAll(file: FileHandle, what: string): Promise<Buffer> {
  const stats = await file.stat();
  if (!stats.isFile()) throw refusal(what, 'is no regular file');
  requireOwn(stats, what);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LIMIT_BYTES + 1), 0, LIMIT_BYTES + 1, 0);
  if (bytesRead > LIMIT_BYTES) throw refusal(what, `is larger than ${LIMIT_BYTES} bytes`);
  return buffer.subarray(0, bytesRead);
}

function requireOwn({ uid, mode }: Stats, what: string): void {
  if (uid !== ROOT && uid !== process.geteuid?.()) throw refusal(what, 'belongs to another user than root');
  if ((mode & OTHERS_WRITE) !== 0) throw refusal(what, 'can be written by others: chmod go-w');
}

function refusal(what: string, problem: string): AdminError {
  return new AdminError('badRequest', `${what} ${problem}`);
}
