import { chmod, mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdmittedEntry } from './content-rules.js';
import { systemError } from './system-error.js';
import type { TarEntry } from './tar-reader.js';

const DIRECTORY_MODE = 0o750;
const EXECUTABLE_MODE = 0o750;
const FILE_MODE = 0o640;

/** Writes admitted entries below `directory`, whatever the umask is; nothing that exists is replaced or followed. */
export function createExtractor(
  directory: string,
): (entry: TarEntry, admitted: AdmittedEntry) => Promise<void> {
  return async (entry, admitted) => {
    try {
      for (const path of admitted.newDirectories) await makeDirectory(join(directory, path));
      if (admitted.type === 'file') await writeEntry(join(directory, admitted.path), entry);
    } catch (error) {
      throw systemError('extract', 'write', admitted.path, error);
    }
  };
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, DIRECTORY_MODE);
}

async function writeEntry(path: string, entry: TarEntry): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of entry.body) await file.writeFile(chunk);
    await file.chmod((entry.mode & 0o111) === 0 ? FILE_MODE : EXECUTABLE_MODE);
    await keepTime(file, entry.mtime);
  } finally {
    await file.close();
  }
}

async function keepTime(file: FileHandle, mtime: Date | undefined): Promise<void> {
  if (mtime !== undefined && Number.isFinite(mtime.getTime())) await file.utimes(mtime, mtime);
}
