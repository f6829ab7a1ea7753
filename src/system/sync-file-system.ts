import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { isDoneWithin } from '../core/clock.js';
import { requireDescriptors } from './descriptors.js';

const run = promisify(execFile);

/** A network file system whose server is gone would be waited for without an end. */
const MACHINE_LIMIT_MS = 60_000;

/**
 * Returns when everything that was written to the file system of `directory` is on the disk: one call for many files.
 *
 * @throws Error saying what `sync` said: what was written may be lost. That of busybox tells of no failure
 */
export async function syncFileSystem(directory: string): Promise<void> {
  requireDescriptors();
  const options = { env: { ...process.env, LC_ALL: 'C' } };
  try {
    await run('sync', ['-f', directory], options);
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    // That of coreutils before 8.24 knows no -f: then all file systems are synced.
    if (stderr.includes('invalid option')) await run('sync', options);
    else throw stderr === '' ? error : new Error(stderr.trim(), { cause: error });
  }
}

/**
 * The same for every file system of the machine, or for that of the directory which stands for it: for what a script has
 * written somewhere. Waits a minute at most and never fails: there is nobody who could do better.
 */
export async function syncMachine(root: string | undefined): Promise<void> {
  const sync = async () => {
    requireDescriptors();
    const child = spawn('sync', root === undefined ? [] : ['-f', root], { stdio: 'ignore' });
    child.unref();
    await once(child, 'close');
  };
  await isDoneWithin(
    sync().catch(() => undefined),
    MACHINE_LIMIT_MS,
  );
}
