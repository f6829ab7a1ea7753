import { appliancePaths } from '../config/paths.js';
import { messageOf } from '../core/errors.js';
import { createLogger, type Logger } from '../core/logger.js';
import { acquireLock, type Lock } from '../system/lock.js';
import { acquireJobLock, lockOf } from './acquire.js';
import { jobs } from './index.js';
import type { JobAnswered, JobOrder, JobOutcome, RunnerReport } from './runner-messages.js';
import { beginJob, runJob, type JobParts } from './run-job.js';
import { settleUnderLock } from './settle.js';

/*
 * The process in which one job runs: `node dist/jobs/runner.js`, started by the launcher in a session of its own. It
 * reports `started` once it holds the lock and its status reads `running`, then works on whatever becomes of the
 * daemon, and reports how it ended to a launcher that still listens.
 */

process.once('message', (order: JobOrder) => {
  process.off('disconnect', exitWithoutOrder);
  void main(order).finally(hangUp);
});
process.once('disconnect', exitWithoutOrder);

async function main(order: JobOrder): Promise<void> {
  const { job: name, root, adminPath, settings, inputs } = order;
  const logger = createLogger(settings.logLevel).child({ job: name });
  const answered = awaitAnswered();
  try {
    const paths = appliancePaths(root, adminPath);
    const stop = stopOnTermination();
    const lock = order.settle ? await acquireLock(lockOf(name, paths)) : await acquireJobLock(name, paths);
    if (lock === undefined || 'refusedBy' in lock) {
      const refusedBy = lock?.refusedBy ?? name;
      report(refusedBy === name ? { report: 'locked' } : { report: 'conflict', with: refusedBy });
      return;
    }
    const parts: JobParts = { job: jobs[name], paths, settings, logger, inputs, lock, stop, answered };
    const outcome = await releaseAfter(lock, () => (order.settle ? settle(parts) : work(parts, logger)));
    report({ report: 'ended', outcome });
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'job could not be run');
    report({ report: 'error', message: messageOf(error) });
    process.exitCode = 1;
  }
}

async function work(parts: JobParts, logger: Logger): Promise<JobOutcome> {
  const records = await beginJob(parts);
  logger.info('job started');
  report({ report: 'started' });
  const outcome = await runJob(parts, records);
  logger.info(
    { outcome: outcome.state, reason: outcome.state === 'failed' ? outcome.reason : undefined },
    'job ended',
  );
  return outcome;
}

async function settle(parts: JobParts): Promise<JobOutcome> {
  report({ report: 'started' });
  await settleUnderLock(parts);
  return { state: 'success' };
}

/** Whoever is told that a job has ended may start the next one at once. */
async function releaseAfter<T>(lock: Lock, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await lock.release();
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

function awaitAnswered(): Promise<void> {
  return new Promise((resolve) => {
    process.once('message', (_message: JobAnswered) => resolve());
    process.once('disconnect', resolve);
  });
}

let reported = Promise.resolve();

function report(message: RunnerReport): void {
  if (!process.connected) return;
  reported = new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

/** When the last report has left: until then the channel keeps this process alive. */
async function hangUp(): Promise<void> {
  await reported;
  if (process.connected) process.disconnect();
}

function exitWithoutOrder(): void {
  process.exit(1);
}
