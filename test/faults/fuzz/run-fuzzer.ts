import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDoneWithin } from '../../../src/core/clock.js';
import { productPath } from '../../../src/config/paths.js';
import { SEEDS } from './seeds.js';

export interface FuzzOptions {
  readonly target: string;
  /** How long it is tried; the fuzzer itself begins a second or two later. */
  readonly forMs: number;
  readonly seed: number;
}

/** Of one input. */
const HANG_SECONDS = 20;
const FUZZER = createRequire(import.meta.url).resolve('jsfuzz/build/src/index.js');

/**
 * Runs the coverage-guided fuzzer jsfuzz on a target.
 *
 * @returns how many inputs it tried
 * @throws Error with the input that crashed it or hung
 */
export async function runFuzzer({ target, forMs, seed }: FuzzOptions): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'admind-fuzz-'));
  try {
    await bundle(target, join(work, 'target.js'));
    writeFileSync(join(work, 'seed.cjs'), seededRandom(seed));
    mkdirSync(join(work, 'corpus'));
    (SEEDS[target] ?? []).forEach((bytes, index) => {
      writeFileSync(join(work, 'corpus', `seed${index}`), bytes);
    });
    const args = [
      '--require',
      join(work, 'seed.cjs'),
      FUZZER,
      'target.js',
      'corpus',
      '--timeout',
      String(HANG_SECONDS),
    ];
    const child = spawn(process.execPath, args, { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-20_000)));
    }
    const ended = once(child, 'exit');
    if (!(await isDoneWithin(ended, forMs))) {
      child.kill('SIGKILL');
      await ended;
      return Math.max(0, ...[...output.matchAll(/#(\d+) /g)].map(([, count]) => Number(count)));
    }
    const crash = readdirSync(work).find((name) => name.startsWith('crash-'));
    const input = crash === undefined ? '' : readFileSync(join(work, crash)).toString('base64');
    throw new Error(`${target} failed on the input (base64) ${input}\n${output.slice(-3_000)}`);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One CommonJS file, as the fuzzer's instrumenter, which is older than the language, can read it. */
async function bundle(target: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [productPath('test/faults/fuzz/targets', `${target}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2018',
    logLevel: 'silent',
    define: { 'import.meta.url': 'productFile' },
    banner: { js: `const productFile = ${JSON.stringify(pathToFileURL(productPath('package.json')).href)};` },
  });
}

/** For the fuzzer's own process, which draws everything from `Math.random`. */
function seededRandom(seed: number): string {
  return `let state = ${seed};
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
`;
}
