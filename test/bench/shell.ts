import { run } from '../support/run-program.js';

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
