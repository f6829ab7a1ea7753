import { once } from 'node:events';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { spawnDetached } from '../system/detached-process.js';
import type { JobName } from './index.js';
import type { JobAnswered, JobOrder, JobOutcome, RunnerReport } from './runner-messages.js';

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
  /** Absolute path of the compiled runner. */
  readonly program: string;
  readonly order: JobOrder;
  readonly logger: Logger;
  /** Where its own log lines go: with this process's, or nowhere. */
  readonly output: 'inherit' | 'ignore';
}

const START_TIMEOUT_MS = 30_000;

/**
 * Starts a runner, a process that outlives this one.
 *
 * @throws Error when it ended, or reported a fault, before it had begun
 */
export async function launchRunner({ program, order, logger, output }: RunnerCall): Promise<Launched> {
  const runner = spawnDetached(program, output);
  const exit = once(runner, 'exit').then(([code, signal]) => `the runner ended (${String(code ?? signal)})`);
  const timer = setTimeout(() => runner.kill('SIGKILL'), START_TIMEOUT_MS);
  const reports = new Promise<JobOutcome>((resolve) => {
    runner.on('message', (message: RunnerReport) => {
      if (message.report === 'ended') resolve(message.outcome);
      if (message.report === 'error') resolve({ state: 'failed', reason: message.message });
    });
    exit.then(
      (reason) => resolve({ state: 'failed', reason }),
      () => undefined,
    );
  });
  try {
    const first = (once(runner, 'message') as Promise<[RunnerReport]>).then(([report]) => report);
    first.catch(() => undefined);
    runner.send(order, () => undefined);
    const answer = await Promise.race([
      first,
      exit.then((reason): RunnerReport => ({ report: 'error', message: reason })),
    ]);
    if (answer.report === 'error') throw new Error(answer.message);
    if (answer.report === 'locked') return { state: 'refused', by: order.job };
    if (answer.report === 'conflict') return { state: 'refused', by: answer.with };
    logger.info({ job: order.job, runner: runner.pid }, 'job runner started');
    return { state: 'started', job: { ended: reports, answer: () => tellAnswered(runner, logger) } };
  } finally {
    clearTimeout(timer);
    // Neither keeps this process alive; what the runner reports is heard as long as it lives.
    runner.unref();
    runner.channel?.unref();
  }
}

function tellAnswered(runner: ReturnType<typeof spawnDetached>, logger: Logger): void {
  if (!runner.connected) return;
  const message: JobAnswered = { answered: true };
  runner.send(message, (error) => {
    if (error) logger.debug({ reason: messageOf(error) }, 'the runner has hung up already');
  });
}
