import type { Paths } from '../config/paths.js';
import { sleep } from '../core/clock.js';
import { AdminError } from '../core/errors.js';
import { isLocked, terminateHolder } from '../system/lock.js';
import { lockOf } from './acquire.js';
import { jobs, type JobName } from './index.js';

const POLL_MS = 20;
const TIMEOUT_MS = 30_000;

/**
 * Tells a running job to stop; resolves when none is running.
 *
 * @throws AdminError `internal` when it goes on
 */
export async function stopJob(name: JobName, paths: Paths): Promise<void> {
  const directory = lockOf(name, paths);
  const deadline = performance.now() + TIMEOUT_MS;
  while (await isLocked(directory)) {
    if (performance.now() > deadline)
      throw new AdminError('internal', `${jobs[name].title} could not be stopped`);
    await terminateHolder(directory);
    await sleep(POLL_MS);
  }
}
