import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Paths } from '../config/paths.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { AS_IT_IS } from '../system/as-it-is.js';
import { freePath } from '../system/remove-tree.js';
import type { Job } from './job.js';

const MODE = 0o600;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Moves uploaded files to where the job expects them, out of the reach of others. They may hold passwords and keys. A
 * missing upload is left for the job to report.
 *
 * @param stop ends a copy, which may take long
 * @param requester the user who asks for the job, where it is another one: a file of that user is copied, since its
 *   owner could still write to what was moved, and no other file is taken
 * @throws Error for an input that is not the requester's own regular file, or has a second name, and for a copy that was
 *   stopped
 */
export async function takeOverInputs(
  job: Job,
  paths: Paths,
  inputs: Readonly<Record<string, string>>,
  stop: AbortSignal,
  requester?: number,
): Promise<void> {
  for (const [field, target] of Object.entries(job.inputs?.(paths) ?? {})) {
    const source = inputs[field];
    if (source === undefined) continue;
    if (requester === undefined) await move(source, target, stop);
    else await copy(source, target, stop, requester);
  }
}

async function move(source: string, target: string, stop: AbortSignal): Promise<void> {
  // Others may look into where it goes, and it may hold a key. What is wrong with it is told when it is there.
  await restrict(openInDirectory(source)).catch(() => undefined);
  const isMoved = await rename(source, target).then(
    () => true,
    async (error: unknown) => {
      if (errnoOf(error) === 'EXDEV')
        await copy(source, target, stop).then(() => rm(source, { force: true }));
      else if (errnoOf(error) !== 'ENOENT') throw error;
      return false;
    },
  );
  if (!isMoved) return;
  // Only now that nobody else can exchange it, it can be seen what it is.
  await restrict(open(target, AS_IT_IS)).catch(async (error: unknown) => {
    await freePath(target);
    throw error;
  });
}

/** Keeps others from reading an input, unless another user owns it. */
async function restrict(opening: Promise<FileHandle>): Promise<void> {
  try {
    const handle = await opening;
    try {
      await sizeOf(handle, undefined);
      await handle.chmod(MODE);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
  }
}

/** @param owner whose regular file it has to be, if that matters */
async function copy(source: string, target: string, signal: AbortSignal, owner?: number): Promise<void> {
  const handle = await openInDirectory(source).catch(ignoreMissing);
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
        await pipeline(content, created.createWriteStream(options), { signal });
      }
    } finally {
      await created.close();
    }
  } finally {
    await handle.close();
  }
}

/** Its directory may be a link by now, to where opening alone has an effect: that of a device, say. */
async function openInDirectory(file: string): Promise<FileHandle> {
  const directory = await open(dirname(file), AS_IT_IS | constants.O_DIRECTORY);
  try {
    return await open(join(`/proc/self/fd/${directory.fd}`, basename(file)), AS_IT_IS);
  } finally {
    await directory.close();
  }
}

/** A file with a second name may be another user's. */
async function sizeOf(handle: FileHandle, owner: number | undefined): Promise<number> {
  const stats = await handle.stat();
  if (!stats.isFile() || stats.nlink > 1 || (owner ?? stats.uid) !== stats.uid)
    throw new Error('an input is not a file of its sender');
  return stats.size;
}
