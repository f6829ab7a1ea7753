import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { readJobStatus } from '../../src/records/job-status.js';
import { updateJob } from '../../src/jobs/update.js';
import { identify, isAlive } from '../../src/system/processes.js';
import { createAppliance, TOKEN, type TestAppliance } from '../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';
import { makePackage } from '../support/update-package.js';

let appliance: TestAppliance;
let daemon: DaemonProcess | undefined;

beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  await appliance.write(appliance.paths.apiToken, TOKEN);
});
afterEach(async () => {
  await letGo();
  await poll('no script is left', async () => !(await scriptIsAlive()));
  if (daemon?.process.exitCode === null && daemon.process.signalCode === null) await daemon.kill('SIGTERM');
  await appliance.remove();
});

/** Runs until it is let go; tells its pid and its runner's. */
const SCRIPT = `
cd "$JIDO_ADMIN_PATH/log"
echo $$ > script.new; mv script.new script.pid
while ! [ -e go ]; do sleep 0.05; done
echo ended > script.ended
`;

const file = (name: string) => join(appliance.paths.log, name);
const letGo = () => writeFile(file('go'), '');
const pidIn = async (name: string) => Number(await readFile(file(name), 'utf8').catch(() => '0'));
const scriptIsAlive = async () => {
  const pid = await pidIn('script.pid');
  return pid > 0 && isAlive(identify(pid));
};
const status = async () => (await readJobStatus(updateJob.status(appliance.paths))).fields;
const send = async (by: DaemonProcess) => {
  const packageFile = await makePackage(appliance, { 'update.sh': SCRIPT });
  return by.call('post', '/update').attach('update', packageFile);
};

async function startUpdate(): Promise<{ by: DaemonProcess; runner: number }> {
  daemon = await startDaemonProcess(appliance);
  expect((await send(daemon)).status).toBe(202);
  await poll('update.sh runs', scriptIsAlive);
  const started =
    daemon
      .output()
      .split('\n')
      .find((line) => line.includes('job runner started')) ?? '{}';
  return { by: daemon, runner: (JSON.parse(started) as { runner: number }).runner };
}

async function expectSettled(): Promise<void> {
  await poll('the crash is settled', async () => (await status()).status === 'failed');
  expect(await status()).toEqual({ status: 'failed', percentage: 70 });
  const { paths } = appliance;
  expect(await appliance.read(paths.updateErrorCode)).toBe('E1002\n');
  expect(await appliance.read(paths.updateLog)).toMatch(
    /Update was cut off before it ended\n.*Error running update\n/,
  );
  expect(await readdir(paths.tmp)).toEqual([]);
  expect(await readdir(paths.uploads)).toEqual([]);
}

test('a job outlives a daemon that is killed, and a new daemon still refuses a second one', async () => {
  const { by } = await startUpdate();
  await by.kill('SIGKILL');
  daemon = await startDaemonProcess(appliance);
  expect(await status()).toEqual({ status: 'running', percentage: 70 });
  expect((await send(daemon)).body).toMatchObject({
    'Error-Message': 'Update is already running',
    'error-code': 'E1004',
  });
  await letGo();
  await poll('the update ends', async () => (await status()).status === 'success');
});

test('a job outlives a daemon that is stopped', async () => {
  const { by } = await startUpdate();
  await by.kill('SIGTERM');
  expect(by.process.exitCode).toBe(0);
  await letGo();
  await poll('the update ends', async () => (await status()).status === 'success');
});

test('a killed runner is settled once its script has ended, and not before', async () => {
  const { by, runner } = await startUpdate();
  process.kill(runner, 'SIGKILL');
  await poll('the runner is gone', () => Promise.resolve(!isAlive(identify(runner))));
  expect((await send(by)).body).toMatchObject({ 'error-code': 'E1004' });
  expect(await status()).toEqual({ status: 'running', percentage: 70 });
  expect(await scriptIsAlive()).toBe(true);
  await letGo();
  await expectSettled();
  expect(existsSync(file('script.ended'))).toBe(true);
  expect((await send(by)).status).toBe(202);
  await poll('the next update ends', async () => (await status()).status === 'success');
});

test('daemon and runner killed: the script ends by itself, the next daemon settles', async () => {
  const { by, runner } = await startUpdate();
  await by.kill('SIGKILL');
  process.kill(runner, 'SIGKILL');
  daemon = await startDaemonProcess(appliance);
  expect(await status()).toEqual({ status: 'running', percentage: 70 });
  expect((await send(daemon)).body).toMatchObject({ 'error-code': 'E1004' });
  await letGo();
  await expectSettled();
});

test('daemon, runner and script killed: the next daemon settles at its start', async () => {
  const { by, runner } = await startUpdate();
  await by.kill('SIGKILL');
  process.kill(runner, 'SIGKILL');
  process.kill(await pidIn('script.pid'), 'SIGKILL');
  daemon = await startDaemonProcess(appliance);
  await expectSettled();
});

test('an update whose script has ended well stays a success, whatever cuts off the rest', async () => {
  const { paths } = appliance;
  // Saves the live image when everything else is done.
  await appliance.write(
    paths.symlinktool,
    `#!/bin/sh\n: >${file('saving')}\nwhile ! [ -e ${file('saved')} ]; do sleep 0.05; done\n`,
  );
  await chmod(paths.symlinktool, 0o755);
  const { by, runner } = await startUpdate();
  await letGo();
  await poll('the image is saved', () => Promise.resolve(existsSync(file('saving'))));
  process.kill(runner, 'SIGKILL');
  await by.kill('SIGKILL');
  await writeFile(file('saved'), '');
  daemon = await startDaemonProcess(appliance);
  await poll('the crash is settled', async () => (await status()).status !== 'running');
  expect(await status()).toEqual({ status: 'success', percentage: 100 });
  expect(await appliance.read(paths.updateLog)).toMatch(
    /Update was cut off before it ended\n.*Update successful\n$/,
  );
  expect(await readdir(paths.journals)).toEqual([]);
});

test('a runner that is told to end stops its script and reports the job failed', async () => {
  const { runner } = await startUpdate();
  process.kill(runner, 'SIGTERM');
  await poll('the job has failed', async () => (await status()).status === 'failed');
  expect(await scriptIsAlive()).toBe(false);
  expect(await appliance.read(appliance.paths.updateLog)).toMatch(
    /Update was stopped: its runner got SIGTERM\n/,
  );
});

test('a runner that is told to reload goes on', async () => {
  const { runner } = await startUpdate();
  process.kill(runner, 'SIGHUP');
  await letGo();
  await poll('the update ends', async () => (await status()).status !== 'running');
  expect(await status()).toEqual({ status: 'success', percentage: 100 });
});

test('what a killed daemon had received of an upload is removed at the next start', async () => {
  await writeFile(join(appliance.paths.incoming, 'backup.tar'), 'kept');
  daemon = await startDaemonProcess(appliance);
  const upload = openUpload(daemon.url);
  await poll('the upload is under way', async () => (await readdir(appliance.paths.incoming)).length === 2);
  await daemon.kill('SIGKILL');
  upload.destroy();
  expect(await readdir(appliance.paths.incoming)).toHaveLength(2);
  daemon = await startDaemonProcess(appliance);
  expect(await readdir(appliance.paths.incoming)).toEqual(['backup.tar']);
});

/** Begins an upload that never ends. */
function openUpload(url: string) {
  const upload = request(`${url}/api/v1/admin/update?token=${TOKEN}`, {
    method: 'POST',
    rejectUnauthorized: false,
    headers: { 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Length': '1000000' },
  });
  upload.on('error', () => undefined);
  upload.write(
    '--x\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\n' + 'x'.repeat(100_000),
  );
  return upload;
}
