import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDoneWithin } from '../../../src/core/clock.js';
import { productPath } from '../../../src/config/paths.js';

export interface GeneratedOptions {
  readonly target: string;
  readonly count: number;
  readonly seed: number;
  /** For all of them. */
  readonly limitMs: number;
}

/**
 * Gives as many generated inputs to a target, in a process of its own, which may hang.
 *
 * @throws Error with the input that failed or hung
 */
export async function runGenerated({ target, count, seed, limitMs }: GeneratedOptions): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'admind-generated-'));
  const current = join(work, 'current');
  const script = productPath('test/faults/fuzz/try-generated.ts');
  const args = ['--import', 'tsx', script, target, String(seed), String(count), current];
  const env = { ...process.env, TMPDIR: work };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'pipe'] });
  let output = '';
  child.stderr.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-3_000)));
  const closed = once(child, 'close');
  try {
    const isOver = await isDoneWithin(closed, limitMs);
    if (isOver && child.exitCode === 0) return;
    const fate = isOver ? 'failed' : `was not done after ${limitMs / 1000} s`;
    throw new Error(`${target} ${fate}, on the input (base64) ${readFileSync(current, 'base64')}\n${output}`);
  } finally {
    child.kill('SIGKILL');
    await closed;
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
}
