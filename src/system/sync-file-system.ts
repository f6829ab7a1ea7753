import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Returns when everything that was written to the file system of `directory` is on the disk: one call for many files. */
export async function syncFileSystem(directory: string): Promise<void> {
  // busybox may have been built without -f: then all file systems are synced.
  await run('sync', ['-f', directory]).catch(() => run('sync'));
}
