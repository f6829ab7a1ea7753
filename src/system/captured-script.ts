import { sleep } from '../core/clock.js';
import { killGroup, type ProcessIdentity } from './processes.js';
import { startScript, type ScriptCall, type ScriptResult } from './script.js';

export interface CapturedScriptCall extends ScriptCall {
  /** A script that prints more is killed. */
  readonly outputLimitBytes: number;
}

export interface CapturedResult extends ScriptResult {
  /** Standard output; of a script that printed too much only its beginning. Standard error is dropped. */
  readonly output: string;
  readonly isTooLong: boolean;
}

/** What a script has printed is read within this time from its end; later only children that it left could print. */
const DRAIN_MS = 200;

/** Of a script that a kill did not end. */
const UNKNOWN_END = { exitCode: undefined, signal: undefined, durationMs: 0 };

/**
 * Runs a script for what it prints, in bounded memory and time: it is killed at once when its time is over, and
 * nothing of its process group that can be killed is left running when this resolves.
 */
export async function captureScript(call: CapturedScriptCall): Promise<CapturedResult> {
  const { child, leader, ended } = startScript({ ...call, timeoutMs: 0 }, 'pipe');
  const { stdout } = child;
  if (!stdout) throw new Error('the output of a script is not a pipe');
  const drained = new Promise<void>((resolve) => stdout.once('close', resolve));
  const chunks: Buffer[] = [];
  let size = 0;
  let timedOut = false;
  let leaveBehind: (result: ScriptResult) => void = () => undefined;
  const leftBehind = new Promise<ScriptResult>((resolve) => (leaveBehind = resolve));
  const kill = async () => {
    if (!(await killGroup(leader))) leaveBehind({ ...UNKNOWN_END, timedOut, timeoutMs: call.timeoutMs });
  };
  stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > call.outputLimitBytes) {
      // First: a closed pipe ends only the program that prints, and the script would go on after it.
      void kill();
      stdout.destroy();
    }
  });
  const stopForTime = () => {
    timedOut = true;
    void kill();
  };
  const timer = call.timeoutMs > 0 ? setTimeout(stopForTime, call.timeoutMs) : undefined;
  try {
    const result = await Promise.race([endOf(ended, leader), leftBehind]);
    await Promise.race([drained, sleep(DRAIN_MS)]);
    stdout.destroy();
    const output = Buffer.concat(chunks).subarray(0, call.outputLimitBytes).toString('utf8');
    return {
      ...result,
      timedOut,
      timeoutMs: call.timeoutMs,
      output,
      isTooLong: size > call.outputLimitBytes,
    };
  } finally {
    clearTimeout(timer);
  }
}

async function endOf(ended: Promise<ScriptResult>, leader: ProcessIdentity): Promise<ScriptResult> {
  const result = await ended;
  await killGroup(leader);
  return result;
}
