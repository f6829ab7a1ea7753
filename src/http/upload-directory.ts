import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../system/processes.js';

const NAME = /^\.upload-(\d+)-[0-9a-f]+$/;

/** A directory for the files of one request, named after this process so that a later one can tell what was left. */
export async function createUploadDirectory(uploads: string, requestId: string): Promise<string> {
  const directory = join(uploads, `.upload-${process.pid}-${requestId}`);
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

export async function removeUploadDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** At the daemon's start: removes what a daemon that was killed had received so far. */
export async function removeAbandonedUploads(uploads: string): Promise<void> {
  for (const name of await readdir(uploads)) {
    const pid = Number(NAME.exec(name)?.[1]);
    const owned = pid !== process.pid && isAlive({ pid, startTicks: undefined });
    if (NAME.test(name) && !owned) await removeUploadDirectory(join(uploads, name));
  }
}
