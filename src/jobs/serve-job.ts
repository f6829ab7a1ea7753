import { remakeDirectories } from '../appliance/directories.js';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { errnoOf, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { acquireLock, releaseAfter } from '../system/lock.js';
import type { MessageChannel } from '../system/message-channel.js';
import { acquireJobLock, lockOf } from './acquire.js';
import { boundLog } from './bound-log.js';
import { jobs } from './index.js';
import { openJobRecords } from './job-records.js';
import { beginJob, runJob, type JobParts } from './run-job.js';
import type { JobOrder, JobOutcome, RunnerReport } from './runner-messages.js';
import { settleUnderLock } from './settle.js';

export interface ServeJobParts {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly channel: MessageChannel;
  /** The user whose files the inputs have to be, where this process may read those of others. */
  readonly requester?: number | undefined;
}

/**
 * Carries out one order in this process: reports `begun` once it holds the lock, `started` once the status reads `running`
 * and the inputs are its own, then works on whatever becomes of the launcher, and reports how it ended to one that still
 * listens. A launcher that hangs up before it has started has not told its client that the job runs: it is stopped.
 */
export async function serveJob(order: JobOrder, parts: ServeJobParts): Promise<void> {
  const { paths, channel } = parts;
  const name = 'run' in order ? order.run : order.settle;
  const logger = parts.logger.child({ job: name });
  const report = (message: RunnerReport) => channel.send(message);
  try {
    const stop = stopOnTermination();
    await remakeDirectories(paths, (error) => {
      logger.error({ reason: messageOf(error) }, 'a directory that is missing could not be made');
    });
    // Also while a script whose runner was killed holds the lock. The daemon sees, and tells, where it is not cut.
    const uncut = 'settle' in order ? await boundLog({ ...parts, job: jobs[name], logger }) : undefined;
    if (uncut !== undefined) logger.debug({ reason: uncut }, 'the log of the job could not be cut');
    const lock =
      'settle' in order ? await acquireLock(lockOf(name, paths)) : await acquireJobLock(name, paths, logger);
    if (lock === undefined || 'refusedBy' in lock) {
      const refusedBy = lock?.refusedBy ?? name;
      await report(refusedBy === name ? { report: 'locked' } : { report: 'conflict', with: refusedBy });
      return;
    }
    const answered = channel.receive().then(noValue, noValue);
    const inputs = 'run' in order ? order.inputs : {};
    const job: JobParts = { ...parts, job: jobs[name], logger, inputs, lock, stop: stop.signal, answered };
    const outcome = await releaseAfter(lock, () =>
      'settle' in order ? settle(job, report) : work(job, report, stop),
    );
    await report({ report: 'ended', outcome });
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'job could not be run');
    await report({ report: 'error', message: messageOf(error), code: errnoOf(error) });
    process.exitCode = 1;
  }
}

type Report = (message: RunnerReport) => Promise<void>;

async function work(parts: JobParts, report: Report, stop: AbortController): Promise<JobOutcome> {
  const { logger, answered } = parts;
  let hasStarted = false;
  // There is no answer before it has started.
  void answered.then(() => {
    if (!hasStarted) stop.abort(new Error('who asked for it hung up before it had started'));
  });
  await report({ report: 'begun' });
  // Of a run that was cut off since the launcher has looked: its journal would be written over.
  await settleUnderLock(parts);
  const records = await beginJob(parts);
  hasStarted = true;
  logger.info('job started');
  await report({ report: 'started' });
  const outcome = await runJob(parts, records);
  logger.info(
    { outcome: outcome.state, reason: outcome.state === 'failed' ? outcome.reason : undefined },
    'job ended',
  );
  return outcome;
}

async function settle(parts: JobParts, report: Report): Promise<JobOutcome> {
  await report({ report: 'started' });
  await settleUnderLock(parts);
  await openJobRecords(parts).cleanUp();
  return { state: 'success' };
}

/** The machine or its administrator wants this process to end: scripts are stopped and the job is reported failed. */
function stopOnTermination(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => controller.abort(new Error(`its runner got ${signal}`)));
  }
  return controller;
}

function noValue(): undefined {
  return undefined;
}
