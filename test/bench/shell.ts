import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs a program to its end. @returns what it printed @throws Error with what it complained of */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [[status], output, complaint] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  if (status === 0) return output;
  throw new Error(`${program} ended with ${String(status)}: ${complaint}${output}`);
}

/** Runs a bash script, any failing part of which fails it. @param args are `$1`, `$2`, … */
export function runShell(script: string, ...args: readonly string[]): Promise<string> {
  return run('bash', '-euo', 'pipefail', '-c', script, 'bash', ...args);
}

/** Waits until everything written so far is on the disk, so that what is measured next does not pay for it. */
export async function settleDisk(): Promise<void> {
  await run('sync');
}

/** @returns seconds */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
