import { ignoreUnwritable, messageOf } from '../core/errors.js';
import { acquireLock, hasLivingHolder, releaseAfter } from '../system/lock.js';
import { lockOf } from './acquire.js';
import type { RecordedJob } from './job-records.js';
import { createLogCeiling, TOLERATED_EXCESS } from './log-ceiling.js';

/** A runner whose log exceeds the ceiling by this much does not see to that: it is stopped, or hangs. */
const UNSEEN_EXCESS = 10;

/**
 * By how much the log of a job exceeds its ceiling, in multiples of what is kept; 0 where it may, or where a runner sees to
 * it.
 */
export async function excessToCut(recorded: RecordedJob): Promise<number> {
  const excess = await createLogCeiling(recorded).excess();
  if (excess <= TOLERATED_EXCESS) return 0;
  if (excess > UNSEEN_EXCESS) return excess;
  return (await hasLivingHolder(lockOf(recorded.job.name, recorded.paths))) ? 0 : excess;
}

/**
 * Cuts the log of a job if it is too long, with this process's own rights. Never throws: what cannot be done to a log changes
 * nothing.
 *
 * @returns what kept it from being cut
 */
export async function boundLog(recorded: RecordedJob): Promise<string | undefined> {
  return cutIfTooLong(recorded).then(() => undefined, messageOf);
}

async function cutIfTooLong(recorded: RecordedJob): Promise<void> {
  if ((await excessToCut(recorded)) === 0) return;
  const { enforce } = createLogCeiling(recorded);
  // No runner begins meanwhile, whose lines would be cut. What prints may have filled the disk, on which none could take the
  // lock either.
  const lock = await acquireLock(lockOf(recorded.job.name, recorded.paths)).catch(ignoreUnwritable);
  if (lock) return releaseAfter(lock, enforce);
  // A script whose runner was killed, or a runner that is stopped, keeps others from the lock.
  if ((await excessToCut(recorded)) > 0) await enforce();
}
