import type { Stats } from 'node:fs';
import { constants, lchown, lutimes, open, type FileHandle } from 'node:fs/promises';
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
export async function applyAttributes(
  file: FileHandle,
  { mode, uid, gid, mtimeMs }: Attributes,
): Promise<void> {
  // The mode after the owner, whose change takes bits away.
  if (uid !== undefined && gid !== undefined) await file.chown(uid, gid).catch(ignoreForeignOwner);
  await file.chmod(mode).catch(ignoreForeignFile);
  if (isTime(mtimeMs)) await file.utimes(mtimeMs / 1000, mtimeMs / 1000).catch(ignoreForeignFile);
}

/** @throws the system error `ENOTDIR` or `ELOOP` when `path` is no directory */
export async function applyDirectoryAttributes(path: string, attributes: Attributes): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await applyAttributes(directory, attributes);
  } finally {
    await directory.close();
  }
}

/** Owner and time of a symbolic link; it has no mode. */
export async function applyLinkAttributes(path: string, { uid, gid, mtimeMs }: Attributes): Promise<void> {
  if (uid !== undefined && gid !== undefined) await lchown(path, uid, gid).catch(ignoreForeignOwner);
  if (isTime(mtimeMs)) await lutimes(path, mtimeMs / 1000, mtimeMs / 1000).catch(ignoreForeignFile);
}

/** Not root, or an id that this file system or this machine does not know. */
function ignoreForeignOwner(error: unknown): void {
  if (!['EPERM', 'EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
}

function ignoreForeignFile(error: unknown): void {
  if (errnoOf(error) !== 'EPERM' || process.geteuid?.() === 0) throw error;
}

function isTime(mtimeMs: number | undefined): mtimeMs is number {
  return mtimeMs !== undefined && Number.isFinite(mtimeMs);
}
