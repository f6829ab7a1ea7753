import { productPath, type Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { sleep } from '../core/clock.js';
import { AdminError, isDiskFull, isUnwritable, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { repeat, type StopRepeating } from '../core/repeat.js';
import { createShare } from '../core/share.js';
import { readsSuccess } from '../records/job-status.js';
import { isLocked } from '../system/lock.js';
import { spawnPeer, type Peer } from '../system/peer.js';
import { findRunning, lockOf } from './acquire.js';
import { boundLog, excessToCut } from './bound-log.js';
import { jobs, type JobName } from './index.js';
import { createPatience } from './patience.js';
import { launchRunner, type RunningJob } from './runner-process.js';
import type { JobOrder, JobOutcome } from './runner-messages.js';
import type { RecordedJob } from './job-records.js';
import { cleanUpIfIdle, findLeftover, hasStaged, settleStatus } from './settle.js';

/** Starts jobs in processes of their own and settles those that were killed. */
export interface JobLauncher {
  /**
   * Resolves once the job holds its lock, its status reads `running` and the inputs are its own, however long that takes.
   * Waiting for it keeps no process from ending, and one that ends before has the job stopped.
   *
   * @param inputs uploaded files, by form field, that the job takes over
   * @throws AdminError `badRequest` when it or one that it conflicts with is running, `internal` when it cannot be
   *   started
   */
  start(name: JobName, inputs?: Readonly<Record<string, string>>): Promise<RunningJob>;
  /**
   * Starts a job whose result serves everyone who asks while it runs, and waits for its end.
   *
   * @throws AdminError as {@link start}
   */
  share(name: JobName): Promise<JobOutcome>;
  /** @throws AdminError `badRequest` when the job could not start now: asked before an upload is accepted */
  refuseIfBusy(name: JobName): Promise<void>;
  /**
   * Does something that a job of this name must not be started in; who asks for the same meanwhile shares its end. Among
   * many clients those who stop a job would otherwise hardly come to it.
   */
  withhold(name: JobName, work: () => Promise<void>): Promise<unknown>;
  /** Settles and cleans up once, then looks for killed jobs and overlong logs again and again. */
  watch(): Promise<StopRepeating>;
}

export interface LauncherParts {
  readonly paths: Paths;
  readonly adminPath: string;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Where runners with the rights of this process write their own log lines. */
  readonly runnerOutput: 'inherit' | 'ignore';
  /** Starts a runner with the rights that this process lacks; undefined where it has them itself. */
  readonly openPrivileged?: (() => Peer) | undefined;
}

/** How often it is asked whether another process that makes a shared job's result has ended. */
const SHARE_RETRY_MS = 100;

export function createJobLauncher(parts: LauncherParts): JobLauncher {
  const { paths, adminPath, settings, logger, openPrivileged } = parts;
  const starting = new Set<JobName>();
  const withheld = new Set<JobName>();
  /** Started here, and not ended: one without a lock would look like one that was cut off. */
  const running = new Set<JobName>();
  const shareWithheld = createShare<unknown>();
  const shareSettling = createShare<boolean>();
  const shareOutcome = createShare<JobOutcome>();
  const watched = Object.values(jobs).map((job) => {
    const patienceOver = (what: string) =>
      createPatience((reason) => logger.error({ job: job.name, reason }, what));
    return {
      recorded: { job, ...parts },
      bound: patienceOver('the log of a job could not be cut'),
      settle: patienceOver('a job could not be settled'),
    };
  });

  const launch = (order: JobOrder) => {
    const name = 'run' in order ? order.run : order.settle;
    const isPublished = () => readsSuccess(jobs[name].status(paths));
    if (openPrivileged) return launchRunner({ runner: openPrivileged(), order, isPublished, logger });
    const runner = spawnPeer([process.execPath, productPath('dist/jobs/runner.js')], parts.runnerOutput);
    const withSetup = { ...order, root: paths.root, adminPath, settings };
    return launchRunner({ runner, order: withSetup, isPublished, logger });
  };

  /** Ends what a killed run left, if anything: of a job that runs, nothing is left. */
  const settleByRunner = async (name: JobName): Promise<boolean> =>
    (await isLocked(lockOf(name, paths))) || orderSettling(name);

  /** @returns false where a process holds the job's lock, which may be hidden from this one */
  const orderSettling = async (name: JobName): Promise<boolean> => {
    const runner = await launch({ settle: name });
    if (runner.state !== 'started') return false;
    const outcome = await runner.job.ended;
    if (outcome.state === 'failed') throw new Error(outcome.reason);
    return true;
  };

  /** @returns as {@link orderSettling} */
  const settleNow = async (name: JobName): Promise<boolean> => {
    if (running.has(name)) return true;
    const recorded = { job: jobs[name], ...parts };
    const leftover = await findLeftover(recorded);
    if (leftover === 'none') return true;
    if (leftover === 'change' || openPrivileged) return settleByRunner(name);
    await settleStatus(recorded);
    return true;
  };

  /** As {@link boundLog}, where this process has no right to: who settles a job cuts its log, whoever holds the lock. */
  const boundLogByRunner = async (recorded: RecordedJob): Promise<string | undefined> => {
    const { name } = recorded.job;
    const excess = await excessToCut(recorded);
    if (excess === 0) return undefined;
    // One that has no lock would be settled, too.
    if (running.has(name) && !(await isLocked(lockOf(name, paths)))) return undefined;
    const failure = await orderSettling(name).then(() => undefined, messageOf);
    const isCut = (await excessToCut(recorded)) < excess;
    return isCut ? undefined : (failure ?? `${recorded.job.log(paths).file} is as long as it was`);
  };

  const cleanUp = async (recorded: RecordedJob): Promise<void> => {
    // Taking a lock is slow: only where something is staged.
    if (!(await hasStaged(recorded))) return;
    await (openPrivileged ? settleByRunner(recorded.job.name) : cleanUpIfIdle(recorded));
  };

  const settle = (name: JobName) => shareSettling(name, () => settleNow(name));

  const lookAfter = async ({ recorded, bound, settle: settlePatiently }: (typeof watched)[number]) => {
    await bound(() => (openPrivileged ? boundLogByRunner(recorded) : boundLog(recorded)));
    await settlePatiently(async () => ((await settle(recorded.job.name)) ? undefined : ''));
  };

  const lookAfterAll = async () => {
    await Promise.all(watched.map(lookAfter));
  };

  const isBusy = (name: JobName) => starting.has(name) || withheld.has(name);

  const tryToStart = async (name: JobName, inputs: Readonly<Record<string, string>>) => {
    // Starts that arrive together would otherwise queue up behind a job that ends within milliseconds.
    if (isBusy(name)) return { state: 'refused', by: name } as const;
    starting.add(name);
    try {
      // Where the disk takes nothing, the end of an earlier run cannot be written either.
      await settle(name).catch((error: unknown) => {
        if (jobs[name].needsNoSpace !== true || !isUnwritable(error)) throw error;
      });
      const runner = await launch({ run: name, inputs });
      if (runner.state === 'started') {
        running.add(name);
        void runner.job.ended.finally(() => running.delete(name));
      }
      return runner;
    } catch (error) {
      const detail = messageOf(error);
      const why = isDiskFull(error) ? ': no space left on the appliance' : '';
      throw new AdminError('internal', `${jobs[name].title} could not be started${why}`, {
        detail,
        cause: error,
      });
    } finally {
      starting.delete(name);
    }
  };

  const shareNow = async (name: JobName): Promise<JobOutcome> => {
    for (;;) {
      const runner = await tryToStart(name, {});
      if (runner.state === 'started') return runner.job.ended;
      if (runner.by !== name) throw refusal(name, runner.by);
      do await sleep(SHARE_RETRY_MS);
      while (await isLocked(lockOf(name, paths)));
    }
  };

  return {
    async start(name, inputs = {}) {
      const runner = await tryToStart(name, inputs);
      if (runner.state === 'refused') throw refusal(name, runner.by);
      return runner.job;
    },
    share: (name) => shareOutcome(name, () => shareNow(name)),
    async refuseIfBusy(name) {
      const by = isBusy(name) ? name : await findRunning(name, paths);
      if (by !== undefined) throw refusal(name, by);
    },
    withhold: (name, work) =>
      shareWithheld(name, () => {
        withheld.add(name);
        return work().finally(() => withheld.delete(name));
      }),
    async watch() {
      await lookAfterAll();
      for (const { recorded } of watched) {
        await cleanUp(recorded).catch((error: unknown) => {
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

function refusal(name: JobName, by: JobName): AdminError {
  const { title, busyCode } = jobs[name];
  if (by !== name) return new AdminError('badRequest', `${title} cannot start while ${by} runs`);
  return new AdminError(
    'badRequest',
    `${title} is already running`,
    busyCode === undefined ? {} : { code: busyCode },
  );
}
