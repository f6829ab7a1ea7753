import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  removeStagedFor,
  removeStaleStagedFiles,
  stagedName,
  stagedSuffix,
} from '../../src/system/atomic-file.js';
import { identify } from '../../src/system/processes.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

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

const deadWriter = () => identify(spawnSync('true').pid);

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

test('what a dead process has left goes at once', async () => {
  await stage(stagedSuffix(deadWriter()), 0);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  ['another namespace', '0000'],
  ['an earlier version, which does not tell its namespace', ''],
])('what is of this minute stays where its writer may be one of %s', async (_what, namespace) => {
  const suffix = stagedSuffix(deadWriter()).replace(/^(.{4}).{4}/, `$1${namespace}`);
  const name = await stage(suffix, 30);
  await stage(suffix.replace(/.{8}\.new$/, '00000000.new'), 90);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([name]);
});

test('what a dead process has left goes although another one got its number', async () => {
  const { pid, startTicks } = identify(process.pid);
  await stage(stagedSuffix({ pid, startTicks: startTicks! - 1 }), YEAR_S);
  await removeStaleStagedFiles(directory);
  expect(await readdir(directory)).toEqual([]);
});

testWithMount('one that cannot be removed keeps no other one', async () => {
  for (const _name of ['one', 'two', 'three'])
    await mkdir(join(directory, `.status.txt.${stagedSuffix(deadWriter())}`));
  const names = await readdir(directory);
  const unmount = mountTmpfs(join(directory, names[0]!, 'busy'), '64k');
  try {
    for (const name of names) await utimes(join(directory, name), 0, 0);
    await expect(removeStaleStagedFiles(directory)).rejects.toThrow('EBUSY');
    expect(await readdir(directory)).toEqual([names[0]]);
  } finally {
    unmount();
  }
});

test('only files that are staged for the name itself are removed for it', async () => {
  const file = join(directory, 'api.token');
  const [own, other] = [stagedName(file), stagedName(`${file}.setup`)];
  for (const staged of [own, other]) await writeFile(staged, '');
  await removeStagedFor(file);
  expect(await readdir(directory)).toEqual([basename(other)]);
});
