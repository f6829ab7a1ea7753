import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ignoreMissing } from '../core/errors.js';
import { makeDirectory } from './make-directory.js';

/**
 * Opens a file that may have to be created; where its directory is missing, that is made first.
 *
 * @param flags those of open(2)
 * @param directoryMode of what is made for it, as {@link makeDirectory} takes it
 * @throws the system error
 */
export async function openMakingDirectory(
  file: string,
  flags: number,
  mode: number,
  directoryMode?: number,
): Promise<FileHandle> {
  const handle = await open(file, flags, mode).catch(ignoreMissing);
  if (handle) return handle;
  await makeDirectory(dirname(file), directoryMode);
  return open(file, flags, mode);
}
