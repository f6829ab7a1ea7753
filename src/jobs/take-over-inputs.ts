import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Paths } from '../config/paths.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import type { Job } from './job.js';

const MODE = 0o600;
const CHUNK_BYTES = 1024 * 1024;
// A link, which whoever may write there could put in its place, is not followed, and a pipe is not waited for.
const AS_IT_IS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Moves uploaded files to where the job expects them. They may hold passwords and keys, and others may enter that
 * directory. A missing upload is left for the job to report.
 *
 * @param requester the user who asks for the job, where it is another one: a file of that user is copied, since its
 *   owner could still write to what was moved, and no other file is taken
 * @throws Error for an input that is not the requester's own regular file
 */
export async function takeOverInputs(
  job: Job,
  paths: Paths,
  inputs: Readonly<Record<string, string>>,
  requester?: number,
): Promise<void> {
  for (const [field, target] of Object.entries(job.inputs?.(paths) ?? {})) {
    const source = inputs[field];
    if (source === undefined) continue;
    if (requester === undefined) await move(source, target);
    else await copy(source, target, requester);
  }
}

async function move(source: string, target: string): Promise<void> {
  await closeToOthers(source);
  if (source === target) return;
  await rename(source, target).catch(async (error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return;
    if (errnoOf(error) !== 'EXDEV') throw error;
    await copy(source, target);
    await rm(source, { force: true });
  });
}

async function closeToOthers(file: string): Promise<void> {
  try {
    const handle = await open(file, AS_IT_IS);
    await handle.chmod(MODE).finally(() => handle.close());
  } catch (error) {
    // Another owner's file keeps its mode.
    if (!['ENOENT', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
  }
}

/** @param owner whose regular file it has to be, if that matters */
async function copy(source: string, target: string, owner?: number): Promise<void> {
  const handle = await open(source, AS_IT_IS).catch(ignoreMissing);
  if (!handle) return;
  try {
    const size = await sizeOf(handle, owner);
    await rm(target, { force: true });
    const created = await open(target, 'wx', MODE);
    // Each closes its file at its end: a file whose stream is not closed cannot be closed either.
    const options = { highWaterMark: CHUNK_BYTES };
    try {
      // No more than it held: its owner may go on writing.
      if (size > 0) {
        const content = handle.createReadStream({ ...options, end: size - 1 });
        await pipeline(content, created.createWriteStream(options));
      }
    } finally {
      await created.close();
    }
  } finally {
    await handle.close();
  }
}

/** Whatever links and directories led to it: what a user owns tells that user nothing new. */
async function sizeOf(handle: FileHandle, owner: number | undefined): Promise<number> {
  const stats = await handle.stat();
  if (!stats.isFile() || (owner ?? stats.uid) !== stats.uid)
    throw new Error('an input is not a file of its sender');
  return stats.size;
}
