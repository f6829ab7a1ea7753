import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStaleStagedFiles, stagedSuffix } from '../../src/system/atomic-file.js';

const YEAR_S = 365 * 86_400;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function stage(suffix: string, secondsAgo: number): Promise<string> {
  const name = `.status.txt.${suffix}`;
  const file = join(directory, name);
  await writeFile(file, '');
  const then = Date.now() / 1000 - secondsAgo;
  await utimes(file, then, then);
  return name;
}

const deadWriter = () => spawnSync('true').pid;

test('what a living process writes stays although the clock was put a year on', async () => {
  const name = await stage(stagedSuffix(), YEAR_S);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([name]);
});

test('what a dead process has left goes although the clock was put a year back', async () => {
  await stage(stagedSuffix(deadWriter()), -YEAR_S);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([]);
});

test('what is of this minute stays: its writer may be seen from elsewhere only', async () => {
  const name = await stage(stagedSuffix(deadWriter()), 30);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([name]);
});

test('what an earlier version has left goes when it is old', async () => {
  await stage(`${stagedSuffix().slice(0, 4)}01234567.new`, YEAR_S);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([]);
});
