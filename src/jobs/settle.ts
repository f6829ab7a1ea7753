import { journalOf, type Paths } from '../config/paths.js';
import { readJobStatus, readsRunning } from '../records/job-status.js';
import { NOTHING_TO_TELL, type Change } from '../system/change.js';
import { exists } from '../system/exists.js';
import { findFileChange } from '../system/file-change.js';
import { acquireLock, releaseAfter, type Lock } from '../system/lock.js';
import { leftOf } from '../system/remove-tree.js';
import { lockOf } from './acquire.js';
import type { Job } from './job.js';
import { openJobRecords, stagedBy, type RecordedJob } from './job-records.js';
import { finish, reportNotUndone, undo, type JobParts } from './run-job.js';

/** What a killed run of a job has left; `change` has to be ended by a runner, since it may need scripts. */
export type Leftover = 'none' | 'status' | 'change';

export async function findLeftover({ job, paths }: RecordedJob): Promise<Leftover> {
  if (await findChange(job, paths)) return 'change';
  return (await readsRunning(job.status(paths))) ? 'status' : 'none';
}

/**
 * Ends what a crash left: an unfinished change is put back, a committed one is completed, and a job whose status
 * reads `running` ends as that says. A job without a change is `failed`. The log says so, the percentage is kept.
 *
 * @throws the system error that kept a change from being put back: no other one may begin before it is
 */
export async function settleUnderLock(parts: JobParts): Promise<void> {
  const { job, paths, logger } = parts;
  const files = job.status(paths);
  // Read again under the lock: the job may just have ended.
  const { fields } = await readJobStatus(files);
  const change = await findChange(job, paths);
  const isRunning = fields.status === 'running';
  if (!isRunning && !change) return;
  const percentage = typeof fields.percentage === 'number' ? fields.percentage : 0;
  const records = openJobRecords(parts, percentage);
  if (isRunning) {
    // Before the line, which would otherwise be repeated for as long as the disk is full.
    await records.republish();
    await records.log.line(`${job.title} was cut off before it ended`);
  }
  await records.boundingLog(async () => {
    if (change?.isCommitted === true) {
      // Its failure may have been told, where the commit failed and could not be taken back.
      const isUntold = fields.status !== 'success' && change.note !== NOTHING_TO_TELL;
      if (isRunning || isUntold) await finish(parts, records, change.note ?? undefined, change);
      else await change.close();
      return;
    }
    try {
      await undo(parts, records, change);
    } catch (error) {
      // Once: it is tried again and again.
      if (isRunning) await reportNotUndone(parts, records, error);
      throw error;
    } finally {
      if (isRunning) await records.fail(job.texts.interrupted);
    }
  });
  logger.warn(
    { job: job.name, percentage, isUndone: change?.isCommitted === false },
    'a job that was cut off is settled',
  );
}

/** Settles a job that has left no more than its status. */
export async function settleStatus(recorded: RecordedJob): Promise<void> {
  await underLock(recorded, (lock) =>
    settleUnderLock({
      ...recorded,
      lock,
      inputs: {},
      stop: new AbortController().signal,
      answered: Promise.resolve(),
    }),
  );
}

/** Removes what a job staged if it is not running: at the daemon's start, after a power cut. */
export async function cleanUpIfIdle(recorded: RecordedJob): Promise<void> {
  await underLock(recorded, () => openJobRecords(recorded).cleanUp());
}

/** Whether something that a job stages is there: while it runs, or when it was cut off. */
export async function hasStaged({ job, paths }: RecordedJob): Promise<boolean> {
  for (const path of stagedBy(job, paths)) {
    if ((await exists(path)) || (await leftOf(path)).length > 0) return true;
  }
  return false;
}

async function underLock({ job, paths }: RecordedJob, work: (lock: Lock) => Promise<void>): Promise<void> {
  const lock = await acquireLock(lockOf(job.name, paths));
  if (lock) await releaseAfter(lock, () => work(lock));
}

function findChange(job: Job, paths: Paths): Promise<Change | undefined> {
  return job.findChange?.(paths) ?? findFileChange(journalOf(paths, job.name));
}
