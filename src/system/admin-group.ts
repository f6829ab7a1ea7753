import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../core/errors.js';
import { findAdminGroupId } from './accounts.js';

const GROUP_BITS = 0o070;
/** Leaves the owner as it is. */
const SAME_OWNER = -1;

/**
 * Gives a new file to the group `admin`, if its mode grants the group anything and this process may do that: it is root, or a
 * member of the group.
 */
export async function giveToAdminGroup(file: FileHandle, mode: number): Promise<void> {
  if ((mode & GROUP_BITS) === 0) return;
  await file.chown(process.geteuid?.() === 0 ? 0 : SAME_OWNER, findAdminGroupId()).catch((error: unknown) => {
    // Also in a user namespace that has no such group, and on a file system without owners.
    if (!['EPERM', 'EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  });
}
