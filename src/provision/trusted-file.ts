import { constants, lstat, open, type FileHandle } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { AdminError } from '../core/errors.js';

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
  // A link is not followed, and a pipe is not waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    throw refusal(what, `cannot be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
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
