import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../src/core/clock.js';
import { debugJob } from '../../src/jobs/debug.js';
import type { Job } from '../../src/jobs/job.js';
import { logsJob } from '../../src/jobs/logs.js';
import { openBundle } from '../../src/package/open-bundle.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { createAppliance, TOKEN, type TestAppliance } from '../support/appliance.js';
import { CAMPAIGN_ROUNDS as ROUNDS } from '../support/campaign-rounds.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';

/** Tells the processes of this test from all others. */
const SECONDS = 200_000 + process.pid;

let appliance: TestAppliance;
let daemon: DaemonProcess;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  const { paths, write, root } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.logsList, '/var/log/big\n');
  await write(join(root, 'var/log/big'), Buffer.alloc(2_000_000, 'some log line\n').toString());
  await write(
    paths.debugList,
    `echo one\nsetsid sleep ${SECONDS} &\nsleep 0.2\nsleep ${SECONDS} & echo two\n`,
  );
  daemon = await startDaemonProcess(appliance);
});
afterEach(async () => {
  if (daemon.process.exitCode === null && daemon.process.signalCode === null) await daemon.kill('SIGTERM');
  await appliance.remove();
});

const statusOf = async (job: Job) => (await readJobStatus(job.status(appliance.paths))).fields.status;
const runners = () =>
  daemon
    .output()
    .split('\n')
    .filter((line) => line.includes('job runner started'))
    .map((line) => (JSON.parse(line) as { runner: number }).runner);
const sleepers = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`sleep\0${SECONDS}\0`)
      );
    } catch {
      return false;
    }
  });

/** What lies there for download, if anything does, is whole. */
async function checkArchives(): Promise<void> {
  const { paths, root, privateKey } = appliance;
  const names = await readdir(paths.uploads);
  if (names.includes('logs.tar.gz')) execFileSync('tar', ['-tzf', paths.logsArchive]);
  if (!names.includes('debug-bundle.tar')) return;
  const work = await mkdtemp(join(root, 'opened-'));
  const directory = join(work, 'bundle');
  await openBundle({ bundleFile: paths.debugBundle, privateKeyFile: privateKey, directory });
  expect(await readFile(join(directory, 'debug/debug-1.log'), 'utf8')).toBe('Running: echo one\none\n');
  await rm(work, { recursive: true });
}

test.each([
  ['logs', logsJob],
  ['debug', debugJob],
] as const)(
  'a %s runner killed at any moment leaves the old file or the new one, no process and nothing staged',
  async (name, job) => {
    const { paths } = appliance;
    for (let round = 0; round < ROUNDS; round += 1) {
      const known = runners().length;
      const answer = daemon.call('get', `/${name}`).then(({ status }) => status);
      const runner = await poll('the runner works', () => Promise.resolve(runners()[known]));
      await sleep(Math.random() * (name === 'logs' ? 150 : 700));
      try {
        process.kill(runner, 'SIGKILL');
      } catch {
        // It was faster.
      }
      const status = await answer;
      expect([200, 400]).toContain(status);
      await poll('the crash is settled', async () => (await statusOf(job)) !== 'running');
      if (status === 200) expect(await statusOf(job)).toBe('success');
      await poll('no command is left', () => Promise.resolve(sleepers().length === 0));
      await poll('nothing staged is left', async () =>
        [...(await readdir(paths.tmp)), ...(await readdir(paths.uploads))].every(
          (left) => !/^\.|^debug$/.test(left),
        ),
      );
      await checkArchives();
    }
    expect((await daemon.call('get', `/${name}`)).status).toBe(200);
    await checkArchives();
    expect(daemon.output()).not.toContain(TOKEN);
  },
  60_000 + ROUNDS * 10_000,
);

test('a debug bundle is finished although the daemon is killed meanwhile', async () => {
  const answer = daemon.call('get', '/debug').then(
    () => 'answered',
    () => 'cut off',
  );
  await poll('the runner works', () => Promise.resolve(runners()[0]));
  await daemon.kill('SIGKILL');
  expect(await answer).toBe('cut off');
  daemon = await startDaemonProcess(appliance);
  await poll('the bundle is made', async () => (await statusOf(debugJob)) === 'success');
  await checkArchives();
  expect((await daemon.call('get', '/debug')).status).toBe(200);
});
