import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { openBoundedLog } from './bounded-log.js';
import { identify, stopGroup } from './processes.js';

/** A system script to run: an argument array and a clean environment, never a shell string. */
export interface ScriptCall {
  /** Absolute path and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment of the script. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error are appended to this file. */
  readonly log: string;
  /** How much output is kept; the rest is dropped. */
  readonly logLimitBytes: number;
  /** 0: no limit. When it is over, the whole process group is terminated, after a grace killed. */
  readonly timeoutMs: number;
  /** Stops the script the same way. */
  readonly signal: AbortSignal;
  /** Resolves before the script itself starts: the place to record its process group. */
  onStart(group: number): Promise<void>;
}

export interface ScriptResult {
  /** Undefined when a signal ended the script. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

type Exit = [exitCode: number | null, signal: NodeJS.Signals | null];

// Waits until the caller has recorded the process group; a caller that dies before leaves no script behind.
const GATE = 'read -r go <&3 || exit 126; exec 3<&-; exec "$@"';

/**
 * Runs a script to its end in a process group of its own. Output goes straight to the log file, so a script survives
 * the death of the process that started it. Background children that it leaves running are left alone, unless it is
 * stopped.
 */
export async function runScript(call: ScriptCall): Promise<ScriptResult> {
  const started = performance.now();
  const log = await openBoundedLog(call.log, call.logLimitBytes);
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'admind-script', ...call.command], {
      cwd: call.cwd,
      env: call.env,
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    });
    const exit = once(child, 'exit') as Promise<Exit>;
    await openGate(child, exit, call);
    const { exitCode, signal, timedOut } = await awaitExit(child, exit, call);
    return {
      exitCode: exitCode ?? undefined,
      signal: signal ?? undefined,
      durationMs: Math.round(performance.now() - started),
      timedOut,
    };
  } finally {
    await log.close();
  }
}

async function openGate(child: ChildProcess, exit: Promise<Exit>, call: ScriptCall): Promise<void> {
  await Promise.race([once(child, 'spawn'), exit]);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined);
  try {
    await call.onStart(child.pid ?? 0);
    gate.end('go\n');
  } catch (error) {
    gate.destroy();
    await exit;
    throw error;
  }
}

/** Waits for the script and, where it is stopped, for every process of its group. */
async function awaitExit(child: ChildProcess, exit: Promise<Exit>, { timeoutMs, signal }: ScriptCall) {
  const leader = identify(child.pid ?? 0);
  let timedOut = false;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopGroup(leader);
  };
  const stopForTime = () => {
    timedOut = true;
    stop();
  };
  const timer = timeoutMs > 0 ? setTimeout(stopForTime, timeoutMs) : undefined;
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const [exitCode, endedBy] = await exit;
    await stopped;
    return { exitCode, signal: endedBy, timedOut };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
