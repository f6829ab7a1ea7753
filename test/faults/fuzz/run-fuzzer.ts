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
import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { SEEDS } from './seeds.js';

export interface FuzzOptions {
  readonly target: string;
  /** How long it is tried; the fuzzer itself begins a second or two later. */
  readonly forMs: number;
  readonly seed: number;
}

/** Of one input. */
const HANG_SECONDS = 20;
/** The fuzzer looks for hangs, and tells how far it is, every three seconds. */
const GRACE_MS = (HANG_SECONDS + 15) * 1_000;
const FUZZER = createRequire(import.meta.url).resolve('jsfuzz/build/src/index.js');

/**
 * Runs the coverage-guided fuzzer jsfuzz on a target.
 *
 * @returns how many inputs it tried, one at least; the last one that was begun in time was tried to its end
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
      ...['--timeout', String(HANG_SECONDS)],
      // Its other way to change a text takes more and more memory without an end.
      '--no-versifier',
    ];
    const child = spawn(process.execPath, args, {
      cwd: work,
      env: { ...process.env, TMPDIR: work },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: the process that tries the inputs outlives the other where one of them hangs.
      detached: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-20_000)));
    }
    const ended = once(child, 'exit');
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const tried = () => Math.max(0, ...[...output.matchAll(/#(\d+) /g)].map(([, count]) => Number(count)));
    if (!(await isDoneWithin(ended, forMs))) {
      const inTime = tried();
      const isOver = () => Promise.resolve(tried() > inTime || hasEnded());
      try {
        await poll('another input is tried, or the one that hangs is told', isOver, GRACE_MS);
        if (!hasEnded()) return tried();
      } finally {
        if (!hasEnded()) killIfAlive(-(child.pid ?? 0));
        await ended;
      }
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
