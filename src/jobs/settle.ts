import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { readJobStatus } from '../records/job-status.js';
import { acquireLock } from '../system/lock.js';
import type { Job } from './job.js';
import { cleanUpOrSay, openJobLog, publishFailure } from './run-job.js';

/**
 * Ends what a crash left: a job whose status reads `running` while no process of it is alive becomes `failed`, keeps
 * its percentage, says so in its log, and what it staged is removed.
 */
export async function settleJob(job: Job, paths: Paths, settings: Settings, logger: Logger): Promise<void> {
  if (!(await readsRunning(job, paths))) return;
  const lock = await acquireLock(join(paths.locks, job.name));
  if (!lock) return;
  try {
    // Read again under the lock: the job may just have ended.
    const { fields } = await readJobStatus(job.status(paths));
    if (fields.status !== 'running') return;
    const percentage = typeof fields.percentage === 'number' ? fields.percentage : 0;
    const log = openJobLog(job, paths, settings);
    await log.line(`${job.title} was cut off before it ended`);
    await cleanUpOrSay(job, paths, log);
    await publishFailure(job, { paths, settings, percentage }, log, job.texts.interrupted);
    logger.warn({ job: job.name, percentage }, 'a job that was cut off is now failed');
  } finally {
    await lock.release();
  }
}

/** Removes what a job staged if it is not running: at the daemon's start, after a power cut. */
export async function cleanUpIfIdle(job: Job, paths: Paths): Promise<void> {
  const lock = await acquireLock(join(paths.locks, job.name));
  if (!lock) return;
  try {
    await job.cleanUp(paths);
  } finally {
    await lock.release();
  }
}

async function readsRunning(job: Job, paths: Paths): Promise<boolean> {
  return (await readJobStatus(job.status(paths))).fields.status === 'running';
}
