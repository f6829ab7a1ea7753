import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Peer } from '../system/peer.js';
import type { JobName } from './index.js';
import type { JobAnswered, JobOrder, JobOutcome, RunnerReport, RunnerSetup } from './runner-messages.js';

/** A job that holds its lock and whose status reads `running`. */
export interface RunningJob {
  /** How it ended; `failed` also when its process was killed. */
  readonly ended: Promise<JobOutcome>;
  /** Tells the job that the client that asked for it has its answer. */
  answer(): void;
}

export type Launched =
  | { readonly state: 'started'; readonly job: RunningJob }
  /** By the same job, or by one that it conflicts with. */
  | { readonly state: 'refused'; readonly by: JobName };

export interface RunnerCall {
  readonly runner: Peer;
  readonly order: JobOrder | (JobOrder & RunnerSetup);
  /** Whether the job's status reads `success`: a runner that is killed after that cannot report it any more. */
  readonly isPublished: () => Promise<boolean>;
  readonly logger: Logger;
  /** How long it may take until the runner holds its lock; default: 30 seconds. */
  readonly beginTimeoutMs?: number | undefined;
}

const BEGIN_TIMEOUT_MS = 30_000;

/**
 * Gives a runner its order; once it has started, it outlives this process. One that has begun is waited for as long as it
 * takes, one that is given up does not go on. Neither keeps this process from ending.
 *
 * @throws Error when it ended, or reported a fault, before it had started, or has not begun in time
 */
export async function launchRunner(call: RunnerCall): Promise<Launched> {
  const { runner, order, isPublished, logger } = call;
  const job = 'run' in order ? order.run : order.settle;
  // What the runner reports is heard as long as this process lives.
  runner.unref();
  const report = await awaitStart(call);
  if (report.report === 'error') throw Object.assign(new Error(report.message), { code: report.code });
  if (report.report === 'locked') return { state: 'refused', by: job };
  if (report.report === 'conflict') return { state: 'refused', by: report.with };
  // While a script prints without end, a log is cut at every look.
  const level = 'run' in order ? 'info' : 'debug';
  logger[level]({ job, runner: runner.pid }, 'job runner started');
  const answered: JobAnswered = { answered: true };
  return {
    state: 'started',
    job: { ended: awaitOutcome(runner, isPublished), answer: () => void runner.send(answered) },
  };
}

/** @returns the report that says whether it starts */
async function awaitStart(call: RunnerCall): Promise<RunnerReport> {
  const { runner, order, beginTimeoutMs = BEGIN_TIMEOUT_MS } = call;
  const receive = () => runner.receive() as Promise<RunnerReport | undefined>;
  let unheard: Promise<string> = runner.ended;
  const timer = setTimeout(() => {
    // One that hangs may not end even when it is killed.
    unheard = Promise.resolve(`it did not begin within ${beginTimeoutMs} ms`);
    runner.abandon();
  }, beginTimeoutMs);
  try {
    void runner.send(order);
    let report = await receive();
    if (report?.report === 'begun') {
      clearTimeout(timer);
      report = await receive();
    }
    return report ?? { report: 'error', message: `the runner did not start: ${await unheard}` };
  } finally {
    clearTimeout(timer);
  }
}

async function awaitOutcome(runner: Peer, isPublished: () => Promise<boolean>): Promise<JobOutcome> {
  try {
    const report = (await runner.receive()) as RunnerReport | undefined;
    if (report?.report === 'ended') return report.outcome;
    if (!report && (await isPublished())) return { state: 'success' };
    return { state: 'failed', reason: report?.report === 'error' ? report.message : await runner.ended };
  } catch (error) {
    return { state: 'failed', reason: messageOf(error) };
  }
}
