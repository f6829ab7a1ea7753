import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../../src/core/errors.js';
import { openMessageChannel } from '../../../src/system/message-channel.js';
import type { Peer } from '../../../src/system/peer.js';
import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { ERRNOS, parseCalls, type Call, type Caller } from './calls.js';

export interface Injection {
  readonly caller: Caller;
  readonly name: string;
  /** An errno that it returns, or a signal that comes before anything is done. */
  readonly effect: string;
  /** Of the calls of this name by each thread of the caller's kind. */
  readonly nth: number;
}

export interface TracedRunner {
  readonly peer: Peer;
  /** Resolves when it and all of its scripts have ended. */
  calls(): Promise<readonly Call[]>;
  /** Ends it, if it has not ended yet. */
  close(): Promise<void>;
}

const LINE_LIMIT_BYTES = 1024 * 1024;

export interface TraceOptions {
  /** Directory of the built product. */
  readonly product: string;
  /** Of calls of different names by one kind of caller; without any everything is traced, and nothing fails. */
  readonly injections: readonly Injection[];
  /** Whether its scripts are traced, too. */
  readonly followsScripts: boolean;
  /** Told of each line of its log. */
  readonly onLine: (line: string) => void;
}

/**
 * Starts the runner of a job of which every system call is traced, by threads of which there is only one for files: so the
 * same calls are made in the same order each time.
 */
export async function startTracedRunner(options: TraceOptions): Promise<TracedRunner> {
  const { product, injections, followsScripts, onLine } = options;
  const program = [
    resolve('test/faults/syscalls/stopped-runner.mjs'),
    resolve(product, 'dist/jobs/runner.js'),
  ];
  const runner = spawn(process.execPath, program, {
    detached: true,
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: 'pipe',
  });
  runner.on('error', () => undefined);
  createInterface({ input: runner.stderr }).on('line', onLine);
  const ended = once(runner, 'exit').then(
    ([code, signal]) => `it ended (${String(code ?? signal)})`,
    messageOf,
  );
  const pid = runner.pid ?? 0;
  const work = mkdtempSync(join(tmpdir(), 'admind-trace-'));
  const file = join(work, 'trace');
  await poll('the runner is loaded', () => Promise.resolve(statusOf(pid, 'State')?.startsWith('T')));
  const tasks = tasksOf(pid);
  const callerOf = (thread: string): Caller => {
    if (thread === String(pid)) return 'main';
    return tasks.includes(thread) ? 'pool' : 'script';
  };
  const caller = injections[0]?.caller ?? 'script';
  // Those of scripts are found from all threads.
  const traced = caller === 'script' ? tasks : tasks.filter((task) => callerOf(task) === caller);
  const follows = caller === 'script' && followsScripts ? ['-f'] : [];
  const threads = traced.flatMap((task) => ['-p', task]);
  const tracing = ['-o', file, ...follows, ...optionsOf(injections), ...threads];
  const tracer = spawn('strace', tracing, { stdio: 'ignore' });
  const detached = once(tracer, 'exit');
  await poll('the runner is traced', () =>
    Promise.resolve(
      traced.every((task) => statusOf(`${pid}/task/${task}`, 'TracerPid') === String(tracer.pid)),
    ),
  );
  process.kill(pid, 'SIGCONT');
  const { stdin, stdout } = runner;
  return {
    peer: {
      ...openMessageChannel({ input: stdout, output: stdin, lineLimitBytes: LINE_LIMIT_BYTES }),
      pid,
      ended,
      abandon: () => killIfAlive(pid),
      unref: () => undefined,
    },
    async calls() {
      await detached;
      const [only = ''] = traced;
      return parseCalls(readFileSync(file, 'utf8'), (thread) => callerOf(thread || only));
    },
    async close() {
      killIfAlive(pid);
      await detached;
      rmSync(work, { recursive: true });
    },
  };
}

function optionsOf(injections: readonly Injection[]): string[] {
  const calls = Object.keys(ERRNOS).map((name) => `?${name}`);
  const rules = injections.flatMap(({ name, effect, nth }) => {
    const kind = effect.startsWith('SIG') ? 'signal' : 'error';
    return ['-e', `inject=${name}:${kind}=${effect}:when=${nth}`];
  });
  return ['-y', '-qq', '-e', 'signal=none', '-e', `trace=${calls.join(',')}`, ...rules];
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function statusOf(task: number | string, field: string): string | undefined {
  try {
    const status = readFileSync(`/proc/${task}/status`, 'utf8');
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1];
  } catch {
    return undefined;
  }
}
