import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../src/core/clock.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { backupJob } from '../../src/jobs/backup.js';
import type { Job } from '../../src/jobs/job.js';
import type { JobName } from '../../src/jobs/index.js';
import { restoreJob } from '../../src/jobs/restore.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { isLocked } from '../../src/system/lock.js';
import { createAppliance, EVERYTHING, type TestAppliance, TOKEN } from '../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';
import { describeTree } from '../support/tree.js';

/** How often each job is killed; many for a campaign. */
const ROUNDS = Number(process.env.ADMIND_CAMPAIGN ?? 4);
const FILES = 150;

jest.setTimeout(60_000 + ROUNDS * 10_000);

let appliance: TestAppliance;
let daemon: DaemonProcess;

beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.backupList, 'app\n');
  daemon = await startDaemonProcess(appliance);
});
afterEach(async () => {
  await daemon.kill('SIGTERM');
  await appliance.remove();
});

const data = (name: string) => join(appliance.paths.data, name);
const runners = () =>
  daemon
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"job runner started"'))
    .map((line) => (JSON.parse(line) as { runner: number }).runner);

async function makeData(version: string): Promise<void> {
  await rm(data('app'), { recursive: true, force: true });
  for (let directory = 0; directory < 5; directory += 1)
    await mkdir(data(`app/${directory}`), { recursive: true });
  for (let file = 0; file < FILES; file += 1) {
    await writeFile(data(`app/${file % 5}/${file}`), `${version} ${file}`.repeat(1000));
  }
}

const start = () => daemon.call('post', '/backup').field('action', 'START');
const restore = (archive: string) => daemon.call('post', '/backup/restore').attach('archive', archive);
const isFree = async (job: JobName) => !(await isLocked(lockOf(job, appliance.paths)));

/** Without a half-written status, which the next start of the daemon removes. */
const uploaded = async () =>
  (await readdir(appliance.paths.uploads)).filter((name) => !name.startsWith('.backup.json.')).sort();

/** The status when nothing of the job is left to be done. */
async function settled(job: Job): Promise<unknown> {
  return poll('the job is settled', async () => {
    const { status } = (await readJobStatus(job.status(appliance.paths))).fields;
    const change = await job.findChange?.(appliance.paths);
    return status !== 'running' && change === undefined && (await isFree(job.name)) && status;
  });
}

/** Runs a job and kills it at a random moment within `withinMs` of its start. */
async function runAndKill(begin: () => PromiseLike<unknown>, withinMs: number): Promise<void> {
  const count = runners().length;
  const answered = begin();
  const answer = Promise.resolve(answered).catch(() => undefined);
  const runner = await poll('the runner has started', () => Promise.resolve(runners()[count]));
  await sleep(Math.random() * withinMs);
  try {
    process.kill(runner, 'SIGKILL');
  } catch {
    // It was faster.
  }
  await answer;
}

/** How long a job takes from when its runner was seen to start. */
async function timeOf(job: Job, begin: () => PromiseLike<unknown>): Promise<number> {
  const count = runners().length;
  const answer = Promise.resolve(begin());
  await poll('the runner has started', () => Promise.resolve(runners()[count]));
  const started = performance.now();
  await answer;
  await settled(job);
  return performance.now() - started;
}

test('a killed backup leaves the old archive or the new one, and its status says which', async () => {
  const { backupArchive, backupStatus } = appliance.paths;
  const hash = async () =>
    createHash('sha256')
      .update(await readFile(backupArchive))
      .digest('hex');
  await makeData('0');
  const withinMs = await timeOf(backupJob, start);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const old = await hash();
    await writeFile(data('app/0/0'), `changed ${round}`);
    await runAndKill(start, withinMs);
    const status = await settled(backupJob);
    const fields = JSON.parse(await appliance.read(backupStatus)) as Record<string, unknown>;
    if (status === 'success') expect(fields).toMatchObject({ sha256: await hash() });
    else expect([fields, await hash()]).toEqual([{ status: 'failed' }, old]);
    expect(await uploaded()).toEqual(['backup.json', 'backup.tar']);
  }
  expect((await start()).status).toBe(202);
  expect(await settled(backupJob)).toBe('success');
});

test('a killed restore leaves all files old or all new, and its status says which', async () => {
  const { data: directory, backupArchive } = appliance.paths;
  const archives: string[] = [];
  const states: string[][] = [];
  for (const version of ['a', 'b']) {
    await makeData(version);
    await start();
    await settled(backupJob);
    archives.push(join(appliance.root, `${version}.tar`));
    await writeFile(archives.at(-1)!, await readFile(backupArchive));
    states.push(describeTree(directory));
  }
  let state = 1;
  const other = () => archives[1 - state]!;
  const withinMs = await timeOf(restoreJob, () => restore(other()));
  state = 0;
  expect(describeTree(directory)).toEqual(states[0]);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await runAndKill(() => restore(other()), withinMs);
    const status = await settled(restoreJob);
    if (status === 'success') state = 1 - state;
    expect(describeTree(directory)).toEqual(states[state]);
    expect(await uploaded()).toEqual(['backup.json', 'backup.tar']);
    expect(existsSync(appliance.paths.restoreDirectory)).toBe(false);
  }
  expect((await restore(other())).status).toBe(200);
  expect(describeTree(directory)).toEqual(states[1 - state]);
});

test('STOP right after a backup was killed deletes its archive, and nothing brings it back', async () => {
  await makeData('0');
  await start();
  await settled(backupJob);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await runAndKill(start, 300);
    expect((await daemon.call('post', '/backup').field('action', 'STOP')).status).toBe(202);
    expect(await uploaded()).toEqual([]);
    expect(await readdir(appliance.paths.journals)).toEqual([]);
    await start();
    expect(await settled(backupJob)).toBe('success');
  }
});
