import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../core/errors.js';

/**
 * Makes a directory and those above it that are missing; one that is there already is no error. Node's own `recursive` tells
 * of a full disk as of a missing file, and never ends where a file system lets nobody make anything.
 *
 * @param mode of those that are made, exactly, whatever the umask; default: 0777, less the umask
 * @throws the system error
 */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  try {
    await make(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path), mode);
    await make(path, mode);
  }
}

async function make(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, { mode });
    if (mode !== undefined) await chmod(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}
