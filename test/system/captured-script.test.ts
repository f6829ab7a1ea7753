import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureScript } from '../../src/system/captured-script.js';
import { identify, isAlive } from '../../src/system/processes.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-captured-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const capture = (lines: string, limits: { timeoutMs?: number; outputLimitBytes?: number } = {}) =>
  captureScript({
    command: ['/bin/sh', '-c', lines],
    cwd: directory,
    env: { PATH: process.env.PATH ?? '' },
    timeoutMs: 30_000,
    outputLimitBytes: 1000,
    ...limits,
  });
const childIsAlive = async () => {
  const pid = Number(await readFile(join(directory, 'child'), 'utf8'));
  expect(pid).toBeGreaterThan(1);
  return isAlive(identify(pid));
};

test('what a script prints comes whole, without its errors', async () => {
  expect(await capture('echo out; echo err >&2; echo Zürich; exit 3')).toMatchObject({
    output: 'out\nZürich\n',
    exitCode: 3,
    isTooLong: false,
    timedOut: false,
  });
});

test.each([999, 1000])('%i bytes within a limit of 1000 are whole', async (bytes) => {
  const { output, isTooLong, exitCode } = await capture(`head -c ${bytes} /dev/zero | tr '\\0' x`);
  expect([output.length, isTooLong, exitCode]).toEqual([bytes, false, 0]);
});

test.each(['head -c 100000000 /dev/zero', 'while :; do echo x; done', 'yes & yes & wait'])(
  'a script that prints too much is killed: %s',
  async (lines) => {
    const { output, isTooLong, signal } = await capture(`echo $$ > child; ${lines}; echo end > end`);
    expect([output.length, isTooLong, signal]).toEqual([1000, true, 'SIGKILL']);
    expect(await childIsAlive()).toBe(false);
    await expect(readFile(join(directory, 'end'))).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

test.each([
  ['hangs', 'echo $$ > child; echo x; exec sleep 1000'],
  ['ignores signals', "trap '' TERM INT; echo $$ > child; echo x; while :; do sleep 0.01; done"],
  ['waits for a child', 'sleep 1000 & echo $! > child; echo x; wait'],
])('a script that %s is killed when its time is over', async (_what, lines) => {
  expect(await capture(lines, { timeoutMs: 500 })).toMatchObject({
    output: 'x\n',
    timedOut: true,
    timeoutMs: 500,
    signal: 'SIGKILL',
  });
  expect(await childIsAlive()).toBe(false);
});

test('children that a script leaves behind end with it', async () => {
  expect(await capture('sleep 1000 & echo $! > child; echo x')).toMatchObject({ output: 'x\n', exitCode: 0 });
  expect(await childIsAlive()).toBe(false);
});
