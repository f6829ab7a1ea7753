import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock, isLocked } from '../../src/system/lock.js';
import { currentScope } from '../../src/system/processes.js';
import { poll } from '../support/poll.js';
import { buildProgram } from '../support/program.js';
import { testWithMount } from '../support/test-with-mount.js';
import { mountTmpfs } from '../support/tmpfs.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const claim = (number: number | bigint, content: unknown) =>
  writeFile(
    join(directory, `${number}.claim`),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

test('is held until it is released, then free again', async () => {
  const lock = await acquireLock(directory);
  expect([await isLocked(directory), await acquireLock(directory)]).toEqual([true, undefined]);
  await lock?.release();
  expect(await isLocked(directory)).toBe(false);
  const next = await acquireLock(directory);
  expect(next).toBeDefined();
  await next?.release();
  expect((await readdir(directory)).sort()).toEqual(['2.claim']);
});

testWithMount('is free again when taking it fails half-way', async () => {
  const unmount = mountTmpfs(join(directory, 'heartbeat'), '64k');
  try {
    await expect(acquireLock(directory)).rejects.toMatchObject({ code: 'EBUSY' });
  } finally {
    unmount();
  }
  expect(await isLocked(directory)).toBe(false);
  const lock = await acquireLock(directory);
  expect(lock).toBeDefined();
  await lock?.release();
});

test.each([
  ['a directory', (file: string) => mkdir(join(file, 'full'), { recursive: true })],
  ['a pipe', (file: string) => Promise.resolve(execFileSync('mkfifo', [file]))],
  ['a link to itself', (file: string) => symlink(file, file)],
])('%s in the place of a claim or the heartbeat is no holder, and goes', async (_name, put) => {
  for (const name of ['3.claim', '2.claim', 'heartbeat']) await put(join(directory, name));
  expect(await isLocked(directory)).toBe(false);
  const lock = await acquireLock(directory);
  expect([await isLocked(directory), await acquireLock(directory)]).toEqual([true, undefined]);
  await lock?.release();
  expect(await readdir(directory)).toEqual(['4.claim']);
});

test('a number too large to count on is no claim', async () => {
  await claim(12345678901234567890n, '');
  const lock = await acquireLock(directory);
  expect(lock).toBeDefined();
  await lock?.release();
});

test('the highest number that counts is no dead end: nobody has it who lives, and it goes', async () => {
  await claim(999_999_999_999_999, '');
  for (let round = 0; round < 2; round += 1) {
    const lock = await acquireLock(directory);
    expect([lock !== undefined, await isLocked(directory)]).toEqual([true, true]);
    await lock?.release();
  }
  expect(await readdir(directory)).toEqual(['2.claim']);
});

test('is released as soon as that is possible when a fault kept it from being released', async () => {
  const lock = await acquireLock(directory);
  const [file, aside] = [join(directory, '1.claim'), join(directory, 'aside')];
  await rename(file, aside);
  await mkdir(file);
  await lock?.release();
  await rmdir(file);
  await rename(aside, file);
  await poll('it is released', async () => !(await isLocked(directory)));
});

test('is held while a process of a recorded group lives, whatever became of the holder', async () => {
  const script = spawn('/bin/sh', ['-c', 'sleep 1000 & read -r line'], { detached: true });
  const group = script.pid ?? 0;
  const dead = { pid: 2 ** 22, startTicks: 1 };
  await claim(1, { ...currentScope(), process: dead, groups: [{ pid: group, startTicks: undefined }] });
  expect(await isLocked(directory)).toBe(true);
  script.stdin.end('\n');
  await once(script, 'exit');
  expect(await isLocked(directory)).toBe(true);
  process.kill(-group, 'SIGKILL');
  for (let tries = 0; (await isLocked(directory)) && tries < 1000; tries += 1)
    await new Promise(setImmediate);
  expect(await isLocked(directory)).toBe(false);
});

test.each([
  ['a holder that died', { process: { pid: 2 ** 22, startTicks: 1 }, groups: [] }],
  ['a pid that was given out again', { process: { pid: process.pid, startTicks: 1 }, groups: [] }],
  ['a holder of an earlier boot', { bootId: 'earlier', process: { pid: process.pid }, groups: [] }],
  ['a claim that a power cut tore', '{"bootId":'],
  ['a claim that is no object', 'null'],
  ['a claim without a holder', { groups: [] }],
  ['a claim with a damaged pid', { process: { pid: '1' }, groups: [] }],
  ['a claim with damaged groups', { process: { pid: process.pid }, groups: 'none' }],
])('%s does not hold it', async (_what, content) => {
  await claim(7, typeof content === 'string' ? content : { ...currentScope(), ...content });
  expect(await isLocked(directory)).toBe(false);
  const lock = await acquireLock(directory);
  expect(await readdir(directory)).toContain('8.claim');
  await lock?.release();
});

test('a holder in another PID namespace is judged by its heartbeat', async () => {
  await claim(1, {
    ...currentScope(),
    pidNamespace: 'pid:[1]',
    process: { pid: 2 ** 22, startTicks: 1 },
    groups: [],
  });
  const heartbeat = join(directory, 'heartbeat');
  await mkdir(heartbeat);
  expect(await isLocked(directory)).toBe(true);
  await utimes(heartbeat, 0, 0);
  expect(await isLocked(directory)).toBe(false);
});

describe.each([2, 4])('%d contenders at the same instant', (count) => {
  const ROUNDS = 100;
  let contenders: Contender[];
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'admind-contender-'));
    const program = join(work, 'contender.mjs');
    buildProgram("import '../test/system/lock-contender.js';", program);
    contenders = Array.from({ length: count }, () => startContender(program));
  });
  afterAll(async () => {
    await Promise.all(contenders.map((contender) => contender.end()));
    await rm(work, { recursive: true });
  });

  test.each([
    ['a fresh lock', () => Promise.resolve()],
    ['a released lock', () => claim(3, '')],
    [
      'a stale lock',
      async () => {
        await claim(3, { ...currentScope(), process: { pid: 2 ** 22, startTicks: 1 }, groups: [] });
        await mkdir(join(directory, 'heartbeat'));
        await utimes(join(directory, 'heartbeat'), 0, 0);
      },
    ],
  ])('exactly one wins %s, a hundred times', async (_what, prepare) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory);
      await prepare();
      const results = await Promise.all(contenders.map((contender) => contender.ask(`take ${directory}`)));
      expect(results.filter((result) => result === 'won')).toHaveLength(1);
      await Promise.all(contenders.map((contender) => contender.ask('release')));
    }
  });
});

interface Contender {
  ask(command: string): Promise<string>;
  end(): Promise<void>;
}

function startContender(program: string): Contender {
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return {
    async ask(command) {
      const answer = once(child.stdout, 'data') as Promise<[Buffer]>;
      child.stdin.write(`${command}\n`);
      return (await answer)[0].toString().trim();
    },
    async end() {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}
