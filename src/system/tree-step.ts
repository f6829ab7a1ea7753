import type { Stats } from 'node:fs';
import { chmod, link, lstat, rename, rm } from 'node:fs/promises';
import { errnoOf, ignoreMissing } from '../core/errors.js';

/** The places of one thing that is replaced. */
export interface Replaced {
  /** Where it is used. */
  readonly place: string;
  /** The new one, until it is moved to its place. */
  readonly staged: string;
  /** The old one, once it is kept. */
  readonly kept: string;
}

/** Keeps what is in place, if there is anything, and moves what is staged there; files without a gap between. */
export async function replace({ place, staged, kept }: Replaced): Promise<void> {
  const there = await lstat(place).catch(ignoreMissing);
  if (there)
    await (there.isDirectory() || (await isDirectory(staged)) ? move(place, kept) : linkTo(place, kept));
  await move(staged, place);
}

/** Puts back what was in place, whatever part of {@link replace} or of an earlier undo has been done. */
export async function putBack({ place, staged, kept }: Replaced): Promise<void> {
  const old = await lstat(kept).catch(ignoreMissing);
  const isStaged = (await lstat(staged).catch(ignoreMissing)) !== undefined;
  const there = await lstat(place).catch(ignoreMissing);
  if (!old) {
    // Nothing was replaced: what is there is new, unless it never got there or has been taken away again.
    if (!isStaged && there) await move(place, staged);
    return;
  }
  if (!isStaged && there)
    await (there.isDirectory() || old.isDirectory() ? move(place, staged) : linkTo(place, staged));
  await move(kept, place);
  // rename(2) does nothing where both are the same file.
  await rm(kept, { force: true });
}

async function linkTo(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: unknown) => {
    // A file system without hard links, or another owner's file.
    if (!['EPERM', 'ENOTSUP', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    await rename(from, to);
  });
}

/** Unlike for files, a directory's own mode decides whether it may be moved. */
async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    const stats: Stats | undefined = await lstat(from).catch(ignoreMissing);
    if (errnoOf(error) !== 'EACCES' || stats?.isDirectory() !== true) throw error;
    const mode = stats.mode & 0o7777;
    await chmod(from, mode | 0o700);
    await rename(from, to);
    await chmod(to, mode);
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}
