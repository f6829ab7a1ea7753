import { join } from 'node:path';
import { readJobStatus, readsRunning } from '../records/job-status.js';
import { acquireLock } from '../system/lock.js';
import { openJobRecords, type RecordedJob } from './job-records.js';

/**
 * Ends what a crash left: a job whose status reads `running` while no process of it is alive becomes `failed`, keeps
 * its percentage, says so in its log, and what it staged is removed.
 */
export async function settleJob(recorded: RecordedJob): Promise<void> {
  const { job, paths, logger } = recorded;
  const files = job.status(paths);
  if (!(await readsRunning(files))) return;
  await underLock(recorded, async () => {
    // Read again under the lock: the job may just have ended.
    const { fields } = await readJobStatus(files);
    if (fields.status !== 'running') return;
    const percentage = typeof fields.percentage === 'number' ? fields.percentage : 0;
    const records = openJobRecords(recorded, percentage);
    // Before the line, which would otherwise be repeated for as long as the disk is full.
    await records.republish();
    await records.log.line(`${job.title} was cut off before it ended`);
    await records.fail(job.texts.interrupted);
    logger.warn({ job: job.name, percentage }, 'a job that was cut off is now failed');
  });
}

/** Removes what a job staged if it is not running: at the daemon's start, after a power cut. */
export async function cleanUpIfIdle(recorded: RecordedJob): Promise<void> {
  await underLock(recorded, () => openJobRecords(recorded).cleanUp());
}

async function underLock({ job, paths }: RecordedJob, work: () => Promise<void>): Promise<void> {
  const lock = await acquireLock(join(paths.locks, job.name));
  if (!lock) return;
  try {
    await work();
  } finally {
    await lock.release();
  }
}
