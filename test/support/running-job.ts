import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../../src/config/paths.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../src/jobs/index.js';
import { writeJobStatus } from '../../src/records/job-status.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { acquireLock, isLocked } from '../../src/system/lock.js';

/** Makes a job look as if it ran, by this process. @returns ends it */
export async function pretendToRun(name: JobName, paths: Paths): Promise<() => Promise<void>> {
  const lock = await acquireLock(lockOf(name, paths));
  if (!lock) throw new Error(`${name} is running already`);
  await writeJobStatus(jobs[name].status(paths), 'running');
  return async () => {
    await writeJobStatus(jobs[name].status(paths), 'success');
    await lock.release();
  };
}

/** The pid of the process that holds the lock of a job, if there is one. */
export async function runnerOf(name: JobName, paths: Paths): Promise<number | undefined> {
  const directory = lockOf(name, paths);
  // The claim of a holder that was killed stays until the next one.
  if (!(await isLocked(directory))) return undefined;
  const claims = await readdir(directory).catch(() => []);
  for (const claim of claims.filter((file) => file.endsWith('.claim'))) {
    const text = (await readTextFile(join(directory, claim))) ?? '';
    if (text !== '') return (JSON.parse(text) as { process: { pid: number } }).process.pid;
  }
  return undefined;
}
