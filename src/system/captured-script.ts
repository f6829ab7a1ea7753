import { sleep } from '../core/clock.js';
import { killGroup } from './processes.js';
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

/**
 * Runs a script for what it prints, in bounded memory and time: it is killed at once when its time is over, and
 * nothing of its process group is left running when this resolves.
 */
export async function captureScript(call: CapturedScriptCall): Promise<CapturedResult> {
  const { child, leader, ended } = startScript({ ...call, timeoutMs: 0 }, 'pipe');
  const { stdout } = child;
  if (!stdout) throw new Error('the output of a script is not a pipe');
  const drained = new Promise<void>((resolve) => stdout.once('close', resolve));
  const chunks: Buffer[] = [];
  let size = 0;
  let timedOut = false;
  const kill = () => void killGroup(leader);
  stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > call.outputLimitBytes) {
      stdout.destroy();
      kill();
    }
  });
  const stopForTime = () => {
    timedOut = true;
    kill();
  };
  const timer = call.timeoutMs > 0 ? setTimeout(stopForTime, call.timeoutMs) : undefined;
  try {
    const result = await ended;
    await killGroup(leader);
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
