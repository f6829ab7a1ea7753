import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  openSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { errnoOf } from '../core/errors.js';

/** What a file or directory has beside its name and content. */
export interface Attributes {
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mtimeMs: number | undefined;
}

export function attributesOf({ mode, uid, gid, mtimeMs }: Stats): Attributes {
  return { mode: mode & 0o7777, uid, gid, mtimeMs };
}

/** Gives them to an open file or directory; what this process may not change stays as it is. */
export function applyAttributes(file: number, { mode, uid, gid, mtimeMs }: Attributes): void {
  // The mode after the owner, whose change takes bits away.
  if (uid !== undefined && gid !== undefined) unlessForeignOwner(() => fchownSync(file, uid, gid));
  unlessForeignFile(() => fchmodSync(file, mode));
  if (isTime(mtimeMs)) unlessForeignFile(() => futimesSync(file, secondsOf(mtimeMs), secondsOf(mtimeMs)));
}

/**
 * One that has them already is not touched: there are directories that even root may not change.
 *
 * @throws the system error `ENOTDIR` or `ELOOP` when `path` is no directory
 */
export function applyDirectoryAttributes(path: string, attributes: Attributes): void {
  const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (!isDeepStrictEqual(attributesOf(fstatSync(directory)), attributes))
      applyAttributes(directory, attributes);
  } finally {
    closeSync(directory);
  }
}

/** Owner and time of a symbolic link; it has no mode. */
export function applyLinkAttributes(path: string, { uid, gid, mtimeMs }: Attributes): void {
  if (uid !== undefined && gid !== undefined) unlessForeignOwner(() => lchownSync(path, uid, gid));
  if (isTime(mtimeMs)) unlessForeignFile(() => lutimesSync(path, secondsOf(mtimeMs), secondsOf(mtimeMs)));
}

/** Passes over: not root, or an id that this file system or this machine does not know. */
function unlessForeignOwner(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function unlessForeignFile(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (errnoOf(error) !== 'EPERM' || process.geteuid?.() === 0) throw error;
  }
}

function isTime(mtimeMs: number | undefined): mtimeMs is number {
  return mtimeMs !== undefined && Number.isFinite(mtimeMs);
}

/** As a text: Node takes a number before 1970 for "now", and a Date has no part of a millisecond. */
function secondsOf(timeMs: number): string {
  return String(timeMs / 1000);
}
