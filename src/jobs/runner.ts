import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { appliancePaths, type Paths } from '../config/paths.js';
import { readSettings } from '../config/settings.js';
import { sleep } from '../core/clock.js';
import { errnoOf, messageOf } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import { readJobStatus } from '../records/job-status.js';
import { acquireLock, type Lock } from '../system/lock.js';
import { jobs } from './index.js';
import type { Job } from './job.js';
import type { JobOrder, RunnerReport } from './runner-messages.js';
import { beginJob, runJob } from './run-job.js';

/*
 * The process in which one job runs: `node dist/jobs/runner.js`, started by the launcher in a session of its own. It
 * reports `started` once it holds the lock and its status reads `running`, then works on whatever becomes of the daemon.
 */

const LOCK_WAIT_MS = 5_000;

process.once('message', (order: JobOrder) => {
  void main(order);
});
process.once('disconnect', exitWithoutOrder);

async function main(order: JobOrder): Promise<void> {
  process.off('disconnect', exitWithoutOrder);
  const paths = appliancePaths(order.root, order.adminPath);
  const settings = readSettings(paths.settings);
  const logger = createLogger(settings.logLevel).child({ job: order.job });
  const stop = stopOnTermination();
  const job: Job = jobs[order.job];
  try {
    const lock = await acquireUnlessRunning(job, paths);
    if (!lock) {
      report({ report: 'locked' });
      return;
    }
    try {
      await job.cleanUp(paths);
      await takeOverInput(job, paths, order.input);
      const context = await beginJob({ job, paths, settings, lock, stop });
      logger.info('job started');
      report({ report: 'started' });
      const outcome = await runJob(job, context, stop);
      logger.info({ outcome: outcome.state, reason: outcome.reason }, 'job ended');
    } finally {
      await lock.release();
    }
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'job could not be run');
    report({ report: 'error', message: messageOf(error) });
    process.exitCode = 1;
  }
}

/** A holder whose status is not `running` is about to finish, so its end is waited for. */
async function acquireUnlessRunning(job: Job, paths: Paths): Promise<Lock | undefined> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = await acquireLock(join(paths.locks, job.name));
    if (lock) return lock;
    const { fields } = await readJobStatus(job.status(paths));
    if (fields.status === 'running' || Date.now() > deadline) return undefined;
    await sleep(20);
  }
}

/** A missing upload is left for the job to report. */
async function takeOverInput(job: Job, paths: Paths, input: string | undefined): Promise<void> {
  if (input === undefined || job.input === undefined) return;
  try {
    await rename(input, job.input(paths));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** The machine or its administrator wants this process to end: scripts are stopped and the job is reported failed. */
function stopOnTermination(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new Error(`stopped by ${signal}`)));
  }
  return controller.signal;
}

function report(message: RunnerReport): void {
  if (!process.connected) return;
  process.send?.(message, () => {
    if (process.connected) process.disconnect();
  });
}

function exitWithoutOrder(): void {
  process.exit(1);
}
