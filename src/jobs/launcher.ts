import { once } from 'node:events';
import { join } from 'node:path';
import { productPath, type Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { AdminError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { repeat, type StopRepeating } from '../core/repeat.js';
import { readsRunning } from '../records/job-status.js';
import { spawnDetached } from '../system/detached-process.js';
import { isLocked } from '../system/lock.js';
import { jobs, type JobName } from './index.js';
import type { Job } from './job.js';
import { createLogCeiling } from './log-ceiling.js';
import type { JobOrder, RunnerReport } from './runner-messages.js';
import { cleanUpIfIdle, settleJob } from './settle.js';

/** Starts jobs in processes of their own and settles those that were killed. */
export interface JobLauncher {
  /**
   * Resolves once the job holds its lock and its status reads `running`.
   *
   * @param input uploaded file that the job takes over
   * @throws AdminError `badRequest` when it is already running, `internal` when it cannot be started
   */
  start(name: JobName, input?: string): Promise<void>;
  /** @throws AdminError `badRequest` when the job is running: asked before an upload is accepted */
  refuseIfRunning(name: JobName): Promise<void>;
  /** Settles and cleans up once, then looks for killed jobs and overlong logs again and again. */
  watch(): Promise<StopRepeating>;
}

export interface LauncherParts {
  readonly paths: Paths;
  readonly adminPath: string;
  readonly settings: Settings;
  readonly logger: Logger;
}

const START_TIMEOUT_MS = 30_000;

export function createJobLauncher(parts: LauncherParts): JobLauncher {
  const { paths, adminPath, settings, logger } = parts;
  const starting = new Set<JobName>();
  const settling = new Map<string, Promise<void>>();
  const watched = Object.values(jobs).map((job) => {
    const recorded = { job, ...parts };
    return { recorded, keepLogCeiling: createLogCeiling(recorded), trouble: '' };
  });

  const settle = (job: Job): Promise<void> => {
    const current = settling.get(job.name);
    if (current) return current;
    const next = settleJob({ job, ...parts }).finally(() => settling.delete(job.name));
    settling.set(job.name, next);
    return next;
  };

  const lookAfterAll = async () => {
    for (const entry of watched) {
      const { recorded, keepLogCeiling } = entry;
      const trouble = await keepLogCeiling()
        .then(() => settle(recorded.job))
        .then(() => '', messageOf);
      // What keeps a job from being settled is reported once, not at every look.
      if (trouble !== '' && trouble !== entry.trouble) {
        logger.error({ job: recorded.job.name, reason: trouble }, 'a job could not be settled');
      }
      entry.trouble = trouble;
    }
  };

  return {
    async start(name, input) {
      // Starts that arrive together would otherwise queue up behind a job that ends within milliseconds.
      if (starting.has(name)) throw alreadyRunning(jobs[name]);
      starting.add(name);
      try {
        await settle(jobs[name]);
        await launch({ job: name, root: paths.root, adminPath, settings, input }, logger);
      } finally {
        starting.delete(name);
      }
    },
    async refuseIfRunning(name) {
      if (starting.has(name) || (await isRunning(jobs[name], paths))) throw alreadyRunning(jobs[name]);
    },
    async watch() {
      await lookAfterAll();
      for (const { recorded } of watched) {
        await cleanUpIfIdle(recorded).catch((error: unknown) => {
          logger.error(
            { job: recorded.job.name, reason: messageOf(error) },
            'what a job staged could not be removed',
          );
        });
      }
      return repeat(settings.settleIntervalMs, lookAfterAll, () => undefined);
    },
  };
}

async function launch(order: JobOrder, logger: Logger): Promise<void> {
  const runner = spawnDetached(productPath('dist/jobs/runner.js'));
  const timer = setTimeout(() => runner.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    const reported = once(runner, 'message') as Promise<[RunnerReport]>;
    const ended = once(runner, 'exit').then(([code, signal]): [RunnerReport] => {
      return [{ report: 'error', message: `the runner ended (${String(code ?? signal)})` }];
    });
    ended.catch(() => undefined);
    reported.catch(() => undefined);
    runner.send(order, () => undefined);
    const [answer] = await Promise.race([reported, ended]);
    if (answer.report === 'locked') throw alreadyRunning(jobs[order.job]);
    if (answer.report === 'error') throw new Error(answer.message);
    logger.info({ job: order.job, runner: runner.pid }, 'job runner started');
  } catch (error) {
    if (error instanceof AdminError) throw error;
    const detail = messageOf(error);
    throw new AdminError('internal', `${jobs[order.job].title} could not be started`, {
      detail,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    if (runner.connected) runner.disconnect();
    runner.unref();
  }
}

async function isRunning(job: Job, paths: Paths): Promise<boolean> {
  if (!(await isLocked(join(paths.locks, job.name)))) return false;
  return readsRunning(job.status(paths));
}

function alreadyRunning(job: Job): AdminError {
  const code = job.busyCode === undefined ? {} : { code: job.busyCode };
  return new AdminError('badRequest', `${job.title} is already running`, code);
}
