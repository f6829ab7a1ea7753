import { chmodSync, linkSync, lstatSync, renameSync, unlinkSync, type Stats } from 'node:fs';
import { errnoOf } from '../core/errors.js';

/*
 * Synchronous, like all that a restore does file by file: its process does nothing else, and a call through the thread
 * pool takes several times as long as the call.
 */

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
export function replace({ place, staged, kept }: Replaced): void {
  const there = statsOf(place);
  if (there) {
    const isMoved = there.isDirectory() || statsOf(staged)?.isDirectory() === true;
    (isMoved ? move : linkTo)(place, kept);
  }
  move(staged, place);
}

/** Puts back what was in place, whatever part of {@link replace} or of an earlier undo has been done. */
export function putBack({ place, staged, kept }: Replaced): void {
  const old = statsOf(kept);
  const isStaged = statsOf(staged) !== undefined;
  const there = statsOf(place);
  if (!old) {
    // Nothing was replaced: what is there is new, unless it never got there or has been taken away again.
    if (!isStaged && there) move(place, staged);
    return;
  }
  if (!isStaged && there) (there.isDirectory() || old.isDirectory() ? move : linkTo)(place, staged);
  move(kept, place);
  // rename(2) does nothing where both are the same file.
  if (statsOf(kept)) unlinkSync(kept);
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function linkTo(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // A file system without hard links, or another owner's file.
    if (!['EPERM', 'ENOTSUP', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    renameSync(from, to);
  }
}

/** Unlike for files, a directory's own mode decides whether it may be moved. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const stats = statsOf(from);
    if (errnoOf(error) !== 'EACCES' || stats?.isDirectory() !== true) throw error;
    const mode = stats.mode & 0o7777;
    chmodSync(from, mode | 0o700);
    renameSync(from, to);
    chmodSync(to, mode);
  }
}
