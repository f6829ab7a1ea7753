import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { signRequest } from '../../src/auth/credential.js';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { createContext } from '../../src/context.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { fillInodes } from '../faults/disk/fill.js';
import { TOKEN } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { pretendToRun, runnerOf } from '../support/running-job.js';
import { writeScript } from '../support/script-file.js';
import { fillDisk, mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

let appliance: TestDaemon;
/** What a sandbox does instead of a reboot. */
let record: string;
let file: (name: string) => string;

beforeAll(async () => {
  appliance = await startTestDaemon({ settings: { scriptTimeLimitMs: 1_500, settleIntervalMs: 50 } });
  record = join(appliance.paths.data, 'reboot.state');
  file = (name) => join(appliance.paths.log, name);
});
beforeEach(async () => {
  const { log, data, symlinktool, rebootStatus } = appliance.paths;
  for (const path of [log, data, symlinktool, rebootStatus]) await rm(path, { recursive: true, force: true });
  await mkdir(log);
});
afterAll(() => appliance.stop());

const PATH = '/api/v1/admin/reboot';
const reboot = async () => {
  const { status, text, headers } = await appliance.signed('GET', '/reboot');
  return { status, text, location: headers.location, message: headers['error-message'] };
};
const status = async () => (await readTextFile(appliance.paths.rebootStatus))?.trim();
const log = async () =>
  ((await readTextFile(appliance.paths.rebootLog)) ?? '').replaceAll(/^\[\d+\]\[SYSTEM\] /gm, '');
/** Until its lock is free, too. */
const ended = () =>
  poll('the job ends', async () => {
    const isOver =
      (await status()) !== 'running' && (await runnerOf('reboot', appliance.paths)) === undefined;
    return isOver && status();
  });
const symlinktool = (lines: string) =>
  writeScript(appliance.paths.symlinktool, `cd '${appliance.paths.log}'\n${lines}`);
const letGo = () => appliance.write(file('go'), '');
const WAIT = 'while ! [ -e go ]; do sleep 0.02; done';

const DONE = 'Rebooting. Please wait..\nReboot started\n';

test('a reboot is accepted, recorded, and happens once', async () => {
  expect(await reboot()).toMatchObject({
    status: 202,
    location: PATH,
    text: `{"Status":"202 Accepted","Location":"${PATH}"}`,
  });
  expect(await ended()).toBe('success');
  expect(await appliance.read(record)).toMatch(/^.+ reboot\n$/);
  expect(await log()).toBe(DONE);
  expect(await appliance.read(appliance.paths.auditLog)).toMatch(
    /^\d+\.\d{9},[0-9a-f]{16},web,admin,reboot\.post,"",[\d.:a-f]+\n$/,
  );
});

test('the client has its answer while the image is being saved, and the reboot comes last', async () => {
  await appliance.write(join(appliance.root, 'etc/sysconfig/backup_device'), 'sda1/tce\n');
  await symlinktool(`echo "$*" > saving; ${WAIT}; echo saved; [ -e '${record}' ] && echo too late; :`);
  expect(await reboot()).toMatchObject({ status: 202 });
  expect([await status(), existsSync(record)]).toEqual(['running', false]);
  expect(await reboot()).toMatchObject({ status: 400, message: 'Reboot is already running' });
  await letGo();
  expect(await ended()).toBe('success');
  expect(await appliance.read(file('saving'))).toBe('--create sda1\n');
  expect(await log()).toBe('Rebooting. Please wait..\nReboot started\n');
  expect(existsSync(record)).toBe(true);
});

describe('without a client that takes the answer', () => {
  const launch = () =>
    createContext({ root: appliance.root, adminPath: DEFAULT_ADMIN_PATH, channel: 'web' }).launcher.start(
      'reboot',
    );

  test('the reboot waits for the answer', async () => {
    await symlinktool('echo > saved');
    const job = await launch();
    await poll('the image is saved', () => Promise.resolve(existsSync(file('saved'))));
    const answeredMs = Date.now();
    job.answer();
    expect(await job.ended).toEqual({ state: 'success' });
    // File systems keep coarser times than the clock.
    expect((await stat(record)).mtimeMs).toBeGreaterThan(answeredMs - 20);
    expect(await log()).toBe(DONE);
  });

  test('it does not wait for ever', async () => {
    expect(await (await launch()).ended).toEqual({ state: 'success' });
    expect(existsSync(record)).toBe(true);
    expect(await log()).toBe(
      'Rebooting. Please wait..\nThe client did not take its answer in time\nReboot started\n',
    );
  });
});

test('a client that hangs up does not stop it', async () => {
  await symlinktool(WAIT);
  const hash = signRequest(TOKEN, `GET${PATH}`);
  const call = request(`${appliance.url}${PATH}?hash=${hash}`, { rejectUnauthorized: false });
  call.on('error', () => undefined);
  call.end();
  await poll('the job begins', async () => (await runnerOf('reboot', appliance.paths)) !== undefined);
  call.destroy();
  await letGo();
  expect(await ended()).toBe('success');
  expect([existsSync(record), await log()]).toEqual([true, DONE]);
});

test.each([
  ['fails', 'echo no space; exit 1', 'no space\nsymlinktool.sh ended with status 1'],
  ['hangs', 'exec sleep 1000', 'symlinktool.sh ran longer than 1500 ms and was stopped'],
  ['is killed', 'kill -KILL $$', 'symlinktool.sh was ended by SIGKILL'],
])('an image that cannot be saved keeps the machine up: symlinktool.sh %s', async (_what, lines, reason) => {
  await symlinktool(lines);
  expect(await reboot()).toMatchObject({ status: 202 });
  expect(await ended()).toBe('failed');
  expect(await log()).toBe(`Rebooting. Please wait..\n${reason}\nReboot failed\n`);
  expect(existsSync(record)).toBe(false);
  await rm(appliance.paths.symlinktool);
  expect(await reboot()).toMatchObject({ status: 202 });
  expect(await ended()).toBe('success');
});

test('a reboot.sh that fails is no success', async () => {
  await rm(appliance.paths.data, { recursive: true, force: true });
  await appliance.write(appliance.paths.data, 'not a directory');
  expect(await reboot()).toMatchObject({ status: 202 });
  await poll('it failed', async () => (await status()) === 'failed');
  expect(await log()).toMatch(/\nReboot started\n[^]*\nreboot\.sh ended with status \d+\nReboot failed\n$/);
});

test.each(['update', 'settings', 'storage', 'license'] as const)('should 400 while %s runs', async (name) => {
  const end = await pretendToRun(name, appliance.paths);
  expect(await reboot()).toMatchObject({ status: 400, message: `Reboot cannot start while ${name} runs` });
  expect([await status(), existsSync(record)]).toEqual([undefined, false]);
  await end();
  expect(await reboot()).toMatchObject({ status: 202 });
  await ended();
});

test('what must not be cut is refused while a reboot is under way', async () => {
  await symlinktool(WAIT);
  expect(await reboot()).toMatchObject({ status: 202 });
  const update = await appliance.signed('POST', '/update').attach('update', Buffer.from('x'), 'x');
  expect(update.body).toMatchObject({ 'Error-Message': 'Update cannot start while reboot runs' });
  await letGo();
  await ended();
});

test('HEAD and POST are a 400, no credential is a 403, and nothing reboots', async () => {
  const head = await appliance.signed('HEAD', '/reboot');
  expect([head.status, head.headers['error-message']]).toEqual([
    400,
    'Invalid authentication method. Expected GET',
  ]);
  expect((await appliance.signed('POST', '/reboot')).status).toBe(400);
  expect((await appliance.call('GET', '/reboot')).status).toBe(403);
  expect((await appliance.call('GET', '/reboot?token=wrong')).status).toBe(403);
  expect([await status(), existsSync(record), existsSync(appliance.paths.rebootLog)]).toEqual([
    undefined,
    false,
    false,
  ]);
});

test('a killed runner reboots nothing, its status says so, and the next one works', async () => {
  await symlinktool(`echo > saving; ${WAIT}`);
  expect(await reboot()).toMatchObject({ status: 202 });
  await poll('the image is being saved', () => Promise.resolve(existsSync(file('saving'))));
  process.kill(await poll('its runner is known', () => runnerOf('reboot', appliance.paths)), 'SIGKILL');
  await letGo();
  expect(await poll('it is settled', async () => (await status()) === 'failed')).toBe(true);
  expect(await log()).toBe('Rebooting. Please wait..\nReboot was cut off before it ended\nReboot failed\n');
  expect(existsSync(record)).toBe(false);
  await poll('the next one starts', async () => (await reboot()).status === 202);
  expect(await ended()).toBe('success');
});

testWithMount(
  'a full disk does not keep the appliance from rebooting, but a job that runs does',
  async () => {
    const { etc, lib, log: logs, tmp, apiToken, locks } = appliance.paths;
    const token = await appliance.read(apiToken);
    const unmounts = [etc, lib, logs, tmp].map((directory) => mountTmpfs(directory, '64k'));
    try {
      await appliance.write(apiToken, token);
      await mkdir(locks);
      const end = await pretendToRun('update', appliance.paths);
      for (const directory of [etc, lib, logs, tmp]) await fillDisk(join(directory, 'fill'));
      expect(await reboot()).toMatchObject({ status: 400, message: 'Reboot cannot start while update runs' });
      await rm(join(lib, 'fill'));
      await rm(join(etc, 'fill'));
      await end();
      for (const directory of [etc, lib]) await fillDisk(join(directory, 'fill'));
      expect(await reboot()).toMatchObject({ status: 202 });
      await poll('it reboots', () => Promise.resolve(existsSync(record)));
    } finally {
      for (const unmount of unmounts) unmount();
    }
  },
);

testWithMount('where no more files can be made it reboots, and status and log tell of it', async () => {
  const { etc, lib, tmp, apiToken } = appliance.paths;
  const token = await appliance.read(apiToken);
  const unmounts = [etc, lib, tmp].map((directory) => mountTmpfs(directory, '1m,nr_inodes=40'));
  try {
    await appliance.write(apiToken, token);
    expect(await reboot()).toMatchObject({ status: 202 });
    expect(await ended()).toBe('success');
    await rm(record);
    for (const directory of [etc, tmp]) await fillInodes(directory, 0);
    // For its lock, and nothing else.
    await fillInodes(lib, 3);
    expect(await reboot()).toMatchObject({ status: 202 });
    expect(await poll('it reboots', () => Promise.resolve(existsSync(record)))).toBe(true);
    expect(await ended()).toBe('success');
    expect(await log()).toBe(DONE.repeat(2));
  } finally {
    for (const unmount of unmounts) unmount();
  }
});

testWithMount('one that has no lock is not taken for one that was cut off', async () => {
  const { paths } = appliance;
  const unmount = mountTmpfs(paths.lib, '1m,nr_inodes=40');
  try {
    await symlinktool(WAIT);
    const free = await fillInodes(paths.lib, 0);
    expect(await reboot()).toMatchObject({ status: 202 });
    await free();
    for (let time = 1; time <= 3; time += 1) {
      await appliance.write(paths.certsStatus, 'running\n');
      const readCerts = async () => (await appliance.read(paths.certsStatus)) === 'failed\n';
      await poll('what was cut off is settled', readCerts);
    }
    expect(await status()).toBe('running');
    await letGo();
    expect(await ended()).toBe('success');
    expect(await log()).toBe(DONE);
  } finally {
    unmount();
  }
});

describe('on the machine itself reboot.sh', () => {
  /** Only what is in this directory can be run: nothing of the machine that the test runs on. */
  let tools: string;
  beforeAll(async () => {
    tools = await mkdtemp(join(appliance.root, 'tools-'));
    for (const name of ['systemctl', 'reboot', 'sync', 'sleep']) {
      await writeScript(join(tools, name), `echo "${name} $*" >> '${tools}/calls'`);
    }
  });

  test('reboots, and counts it as a failure when the machine stays up', async () => {
    const { status, stdout } = spawnSync('/bin/sh', [resolve('scripts/reboot.sh')], {
      env: { PATH: tools },
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, 'the machine did not go down\n']);
    const calls = (await appliance.read(join(tools, 'calls'))).split('\n').filter((call) => call !== 'sync ');
    expect(calls).toEqual([
      'sleep 1',
      existsSync('/run/systemd/system') ? 'systemctl --no-block reboot' : 'reboot ',
      'sleep 300',
      '',
    ]);
  });
});
