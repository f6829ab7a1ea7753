import { mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from '../../src/system/small-file.js';
import { poll } from '../support/poll.js';

const LIMIT_BYTES = 1024;
const LONG_AGO_S = 1_000_000_000;

let directory: string;
let file: string;
const read = () => readSmallFile(file, LIMIT_BYTES);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-test-'));
  file = join(directory, 'file');
  await writeFile(file, 'first');
  await utimes(file, LONG_AGO_S, LONG_AGO_S);
});
afterEach(() => rm(directory, { recursive: true }));

/** From then on it is remembered. */
async function readWhenSettled(): Promise<void> {
  await poll('the file is not of this moment', async () => Date.now() - (await stat(file)).ctimeMs > 2_100);
  expect([read(), read()]).toEqual(['first', 'first']);
}

test('a file that is written anew in the same length, and dated as it was, is read again', async () => {
  await readWhenSettled();
  await writeFile(file, 'other');
  await utimes(file, LONG_AGO_S, LONG_AGO_S);
  expect(read()).toBe('other');
});

test('so is one that takes its place, one that a link leads to, and each of many in a row', async () => {
  await readWhenSettled();
  await writeFile(`${file}.new`, 'newer');
  await rename(`${file}.new`, file);
  expect(read()).toBe('newer');
  await writeFile(`${file}.linked`, 'there');
  await symlink(`${file}.linked`, `${file}.link`);
  await rename(`${file}.link`, file);
  expect(read()).toBe('there');
  for (let turn = 1000; turn < 1500; turn += 1) {
    await writeFile(file, String(turn));
    expect(read()).toBe(String(turn));
  }
});

test('a file that is gone is not remembered', async () => {
  await readWhenSettled();
  await rm(file);
  expect(read()).toBeUndefined();
});
