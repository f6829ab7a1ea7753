import { ignoreUnwritable } from '../core/errors.js';
import { acquireLock, hasLivingHolder, releaseAfter } from '../system/lock.js';
import { lockOf } from './acquire.js';
import type { RecordedJob } from './job-records.js';
import { createLogCeiling } from './log-ceiling.js';

/** Whether the log of a job exceeds its ceiling, and there is no runner that would see to that. */
export async function isOverlong(recorded: RecordedJob): Promise<boolean> {
  if (!(await createLogCeiling(recorded).isExceeded())) return false;
  return !(await hasLivingHolder(lockOf(recorded.job.name, recorded.paths)));
}

/** Cuts the log of a job if it is overlong. No runner begins meanwhile, whose lines would be cut. */
export async function cutOverlong(recorded: RecordedJob): Promise<void> {
  if (!(await isOverlong(recorded))) return;
  const { enforce } = createLogCeiling(recorded);
  const directory = lockOf(recorded.job.name, recorded.paths);
  // What prints may have filled the disk, on which a runner could not take the lock either.
  const lock = await acquireLock(directory).catch(ignoreUnwritable);
  if (lock) return releaseAfter(lock, enforce);
  // A script whose runner was killed keeps others from the lock.
  if (!(await hasLivingHolder(directory))) await enforce();
}
