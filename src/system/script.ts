import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { errnoOf, isUnwritable } from '../core/errors.js';
import { openBoundedLog } from './bounded-log.js';
import { requireDescriptors } from './descriptors.js';
import { identify, killGroup, stopGroup, type ProcessIdentity } from './processes.js';

/** A system script to run: an argument array and a clean environment, never a shell string. */
export interface ScriptCall {
  /** Absolute path and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment of the script. */
  readonly env: Readonly<Record<string, string>>;
  /** 0: no limit. When it is over, the whole process group is terminated, after a grace killed. */
  readonly timeoutMs: number;
  /** Stops the script the same way. */
  readonly signal?: AbortSignal | undefined;
  /** Resolves before the script itself starts: the place to record its process group. */
  readonly onStart?: ((group: number) => Promise<void>) | undefined;
}

export interface LoggedScriptCall extends ScriptCall {
  /** Standard output and error are appended to this file. */
  readonly log: string;
  /** How much output is kept; the rest is dropped. */
  readonly logLimitBytes: number;
  /** Whether it runs without a log where the disk takes none. */
  readonly needsNoSpace?: boolean | undefined;
  /** Whether background children that the script leaves running are killed; default: they are left alone. */
  readonly killsLeftovers?: boolean | undefined;
}

export interface ScriptResult {
  /** Undefined when a signal ended the script. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** The limit that it had; 0 for none. */
  readonly timeoutMs: number;
}

export interface LoggedResult extends ScriptResult {
  /** Whether the script printed more than is kept. */
  readonly isCut: boolean;
}

type Exit = [exitCode: number | null, signal: NodeJS.Signals | null];

// Waits until the caller has recorded the process group; a caller that dies before leaves no script behind.
const GATE = 'read -r go <&3 || exit 126; exec 3<&-; exec "$@"';

/**
 * Runs a script to its end in a process group of its own. Output goes straight to the log file, so a script survives
 * the death of the process that started it.
 */
export async function runScript(call: LoggedScriptCall): Promise<LoggedResult> {
  const log = await openBoundedLog(call.log, call.logLimitBytes).catch((error: unknown) => {
    if (call.needsNoSpace !== true || !isUnwritable(error)) throw error;
    return openBoundedLog('/dev/null', call.logLimitBytes);
  });
  let result: ScriptResult;
  let isCut: boolean;
  try {
    const { leader, ended } = startScript(call, log.fd);
    result = await ended;
    if (call.killsLeftovers === true) await killGroup(leader);
  } finally {
    isCut = await log.close();
  }
  return { ...result, isCut };
}

/** Whether a script cannot be run as a program that it needs, the shell above all, is missing or not to be executed. */
export function isProgramMissing(error: unknown): boolean {
  return ['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '');
}

/** What went wrong with a script: `ended with status 3`; undefined when nothing did. */
export function describeFailure({ exitCode, signal, timedOut, timeoutMs }: ScriptResult): string | undefined {
  if (timedOut) return `ran longer than ${timeoutMs} ms and was stopped`;
  if (signal !== undefined) return `was ended by ${signal}`;
  return exitCode === 0 ? undefined : `ended with status ${exitCode ?? 'unknown'}`;
}

/** A script that has been started; `ended` also waits for what its stop has to do. */
export interface StartedScript {
  readonly child: ChildProcess;
  /** Of its process group. */
  readonly leader: ProcessIdentity;
  readonly ended: Promise<ScriptResult>;
  stop(): void;
}

/**
 * Starts a script in a process group of its own.
 *
 * @param output where standard output and error go: a file descriptor, or a pipe for standard output alone
 * @throws the system error when there is no free file descriptor for it
 */
export function startScript(call: ScriptCall, output: number | 'pipe'): StartedScript {
  const started = performance.now();
  requireDescriptors();
  const child = spawn('/bin/sh', ['-c', GATE, 'admind-script', ...call.command], {
    cwd: call.cwd,
    env: call.env,
    detached: true,
    stdio: ['ignore', output, output === 'pipe' ? 'ignore' : output, 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<Exit>;
  exit.catch(() => undefined);
  const leader = identify(child.pid ?? 0);
  let timedOut = false;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopGroup(leader);
  };
  const awaitEnd = async (): Promise<ScriptResult> => {
    await openGate(child, exit, call);
    const stopForTime = () => {
      timedOut = true;
      stop();
    };
    const timer = call.timeoutMs > 0 ? setTimeout(stopForTime, call.timeoutMs) : undefined;
    call.signal?.addEventListener('abort', stop);
    if (call.signal?.aborted === true) stop();
    try {
      const [exitCode, signal] = await exit;
      await stopped;
      const durationMs = Math.round(performance.now() - started);
      return {
        exitCode: exitCode ?? undefined,
        signal: signal ?? undefined,
        durationMs,
        timedOut,
        timeoutMs: call.timeoutMs,
      };
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    }
  };
  const ended = awaitEnd();
  // A caller that has failed meanwhile does not wait for it.
  ended.catch(() => undefined);
  return { child, leader, ended, stop };
}

async function openGate(child: ChildProcess, exit: Promise<Exit>, call: ScriptCall): Promise<void> {
  await Promise.race([once(child, 'spawn'), exit]);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined);
  try {
    await call.onStart?.(child.pid ?? 0);
    gate.end('go\n');
  } catch (error) {
    gate.destroy();
    await exit;
    throw error;
  }
}
