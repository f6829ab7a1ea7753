import { join } from 'node:path';
import { appliancePaths, type Paths } from '../config/paths.js';
import { sleep } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import { readsRunning } from '../records/job-status.js';
import { acquireLock, type Lock } from '../system/lock.js';
import { jobs } from './index.js';
import type { Job } from './job.js';
import type { JobOrder, RunnerReport } from './runner-messages.js';
import { beginJob, runJob, type JobParts } from './run-job.js';

/*
 * The process in which one job runs: `node dist/jobs/runner.js`, started by the launcher in a session of its own. It
 * reports `started` once it holds the lock and its status reads `running`, then works on whatever becomes of the daemon.
 */

const LOCK_WAIT_MS = 5_000;

process.once('message', (order: JobOrder) => {
  void main(order);
});
process.once('disconnect', exitWithoutOrder);

async function main({ job: name, root, adminPath, settings, input }: JobOrder): Promise<void> {
  process.off('disconnect', exitWithoutOrder);
  const logger = createLogger(settings.logLevel).child({ job: name });
  try {
    const job: Job = jobs[name];
    const paths = appliancePaths(root, adminPath);
    const stop = stopOnTermination();
    const lock = await acquireUnlessRunning(job, paths);
    if (!lock) {
      report({ report: 'locked' });
      return;
    }
    try {
      const parts: JobParts = { job, paths, settings, logger, input, lock, stop };
      const records = await beginJob(parts);
      logger.info('job started');
      report({ report: 'started' });
      const outcome = await runJob(parts, records);
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
    if ((await readsRunning(job.status(paths))) || Date.now() > deadline) return undefined;
    await sleep(20);
  }
}

/** The machine or its administrator wants this process to end: scripts are stopped and the job is reported failed. */
function stopOnTermination(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => controller.abort(new Error(`its runner got ${signal}`)));
  }
  // Means "reload" to daemons: one that was sent to all of them must not cut a job.
  process.on('SIGHUP', () => undefined);
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
