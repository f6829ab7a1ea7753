import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from '../core/errors.js';

/** The group `admin` of existing appliances, whose members may read what a mode lets the group read. */
const ADMIN_GROUP = 997;
const GROUP_BITS = 0o070;

/** Gives a new file to the group, if its mode grants the group anything and this process may change groups. */
export async function giveToAdminGroup(file: FileHandle, mode: number): Promise<void> {
  if ((mode & GROUP_BITS) === 0 || process.geteuid?.() !== 0) return;
  await file.chown(0, ADMIN_GROUP).catch((error: unknown) => {
    if (errnoOf(error) !== 'EPERM') throw error;
  });
}
