import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { sleep } from '../core/clock.js';
import { identify, isGroupAlive, signalGroup } from './processes.js';

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
  readonly signal?: AbortSignal;
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

const KILL_GRACE_MS = 5_000;
const OUTPUT_CHECK_MS = 100;

// Waits until the caller has recorded the process group; a caller that dies before leaves no script behind.
const GATE = 'read -r go <&3 || exit 126; exec 3<&-; exec "$@"';

/**
 * Runs a script to its end in a process group of its own. Output goes straight to the log file, so a script survives
 * the death of the process that started it. Background children that it leaves running are left alone, unless it is
 * stopped for time.
 */
export async function runScript(call: ScriptCall): Promise<ScriptResult> {
  const started = performance.now();
  const log = await open(call.log, 'a', 0o644);
  try {
    const limit = await limitOutput(log, call.logLimitBytes);
    const child = spawn('/bin/sh', ['-c', GATE, 'admind-script', ...call.command], {
      cwd: call.cwd,
      env: call.env,
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    });
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const stop = await openGate(child, exit, call);
    try {
      const [exitCode, signal] = await exit;
      const timedOut = await stop.settled();
      return {
        exitCode: exitCode ?? undefined,
        signal: signal ?? undefined,
        durationMs: Math.round(performance.now() - started),
        timedOut,
      };
    } finally {
      stop.cancel();
      await limit.end();
    }
  } finally {
    await log.close();
  }
}

async function openGate(child: ChildProcess, exit: Promise<unknown>, call: ScriptCall): Promise<Stopper> {
  await Promise.race([once(child, 'spawn'), exit]);
  const group = child.pid ?? 0;
  await call.onStart(group);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined);
  gate.end('go\n');
  return stopper(group, call);
}

interface Stopper {
  /** Resolves when a stop that has begun is complete: nothing of the group is left. */
  settled(): Promise<boolean>;
  cancel(): void;
}

function stopper(group: number, call: ScriptCall): Stopper {
  const leader = identify(group);
  let timedOut = false;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopGroup(leader.pid, () => isGroupAlive(leader));
  };
  const timer =
    call.timeoutMs > 0
      ? setTimeout(() => {
          timedOut = true;
          stop();
        }, call.timeoutMs)
      : undefined;
  if (call.signal?.aborted === true) stop();
  call.signal?.addEventListener('abort', stop);
  return {
    async settled() {
      await stopping;
      return timedOut;
    },
    cancel() {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    },
  };
}

async function stopGroup(group: number, isGroupLeft: () => boolean): Promise<void> {
  signalGroup(group, 'SIGTERM');
  const deadline = Date.now() + KILL_GRACE_MS;
  while (isGroupLeft()) {
    if (Date.now() > deadline) signalGroup(group, 'SIGKILL');
    await sleep(50);
  }
}

async function limitOutput(log: FileHandle, limitBytes: number): Promise<{ end(): Promise<void> }> {
  const most = (await log.stat()).size + limitBytes;
  let cut = false;
  const check = async () => {
    if ((await log.stat()).size > most) {
      cut = true;
      await log.truncate(most);
    }
  };
  let pending = Promise.resolve();
  const timer = setInterval(() => {
    pending = pending.then(check);
  }, OUTPUT_CHECK_MS);
  return {
    async end() {
      clearInterval(timer);
      await pending;
      await check();
      if (cut) await log.appendFile(`\n[output cut after ${limitBytes} bytes]\n`);
    },
  };
}
