import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../system/atomic-file.js';

/** Hidden, so that it is no item: cut off in between, half of a directory would be one that lacks files. */
const LEAVING = '.applied';

/** Removes an item that has been applied, at once. */
export async function removeItem(directory: string, name: string): Promise<void> {
  await removeLeftoverItem(directory);
  await rename(join(directory, name), join(directory, LEAVING));
  await syncDirectory(directory);
  await removeLeftoverItem(directory);
}

/** Removes what a removal that was cut off has left: it may hold a key. */
export async function removeLeftoverItem(directory: string): Promise<void> {
  await rm(join(directory, LEAVING), { recursive: true, force: true });
}
