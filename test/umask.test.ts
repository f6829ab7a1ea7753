import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoreMissing } from '../src/core/errors.js';
import { afterShell } from './support/after-shell.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess } from './support/daemon-process.js';
import { poll } from './support/poll.js';
import { writeScript } from './support/script-file.js';

const SETTINGS = '{"network":{"interface":"eth0","hostname":"test.host"}}';
const OTHERS_WRITE = 0o022;

const withUmask = (umask: string) => afterShell(`umask ${umask}`);

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
});
afterEach(() => appliance.remove());

test('a daemon that is started with umask 000, its jobs and their scripts make nothing that others may write', async () => {
  const { root, paths, read, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.endpointConfiguration, EVERYTHING);
  await writeScript(join(paths.bin, 'network.sh'), 'mkdir -p "$JIDO_ADMIN_PATH/log/made/below"');
  const daemon = await startDaemonProcess(appliance, { prefix: withUmask('000') });
  try {
    await daemon.call('post', '/settings').attach('settings', Buffer.from(SETTINGS), 's').expect(202);
    await poll('the job has ended', async () => (await read(paths.settingsStatus)) === 'success\n');
    const writable: string[] = [];
    for (const name of await readdir(root, { recursive: true })) {
      const stats = await lstat(join(root, name)).catch(ignoreMissing);
      if (stats?.isSymbolicLink() === false && (stats.mode & OTHERS_WRITE) !== 0) writable.push(name);
    }
    expect(writable).toEqual([]);
    expect((await lstat(join(paths.log, 'made/below'))).mode & 0o777).toBe(0o755);
  } finally {
    await daemon.kill('SIGTERM');
  }
});

test.each(['027', '077'])(
  'what a job over SSH under umask %s leaves of its locks and log can be asked for without rights',
  async (umask) => {
    const { root, paths } = appliance;
    await rm(paths.locks, { recursive: true });
    const [shell, ...args] = withUmask(umask);
    const command = [process.execPath, join('dist', 'cli.js'), 'ssh-command', '--root', root];
    const env = { PATH: process.env.PATH, SSH_ORIGINAL_COMMAND: 'logs' };
    expect(spawnSync(shell, [...args, ...command], { env }).status).toBe(1);
    expect(await hiddenBelow(paths.locks)).toEqual([]);
    expect(existsSync(join(paths.logEnds, basename(paths.logsLog)))).toBe(true);
  },
);

test.each(['027', '077'])('so it can of a runner that keeps umask %s', async (umask) => {
  const { root, paths } = appliance;
  await rm(paths.locks, { recursive: true });
  const [shell, ...args] = withUmask(umask);
  const command = [process.execPath, join('dist', 'privileged.js'), '--root', root];
  const env = { PATH: process.env.PATH, SUDO_UID: '0' };
  const input = '{"run":"logs","inputs":{}}\n';
  const { stdout } = spawnSync(shell, [...args, ...command], { env, input, encoding: 'utf8' });
  expect(stdout).toContain('"report":"');
  expect(await hiddenBelow(paths.locks)).toEqual([]);
  expect(existsSync(join(paths.logEnds, basename(paths.logsLog)))).toBe(true);
});

test('what an earlier version has hidden of it is shown again before the daemon starts', async () => {
  const { root, paths, write } = appliance;
  const record = join(paths.logEnds, basename(paths.logsLog));
  await write(record, '');
  const hidden = [record, paths.logEnds, join(paths.locks, 'logs'), paths.locks];
  await mkdir(join(paths.locks, 'logs'));
  for (const path of hidden) await chmod(path, path === record ? 0o640 : 0o750);
  const daemon = await startDaemonProcess({ root });
  try {
    expect(await hiddenBelow(paths.lib)).toEqual([]);
  } finally {
    await daemon.kill('SIGTERM');
  }
});

/** What somebody without rights cannot read, or not enter. */
async function hiddenBelow(directory: string): Promise<readonly string[]> {
  const hidden: string[] = [];
  for (const name of ['.', ...(await readdir(directory, { recursive: true }))]) {
    const stats = await lstat(join(directory, name));
    const bits = stats.isDirectory() ? 0o555 : 0o444;
    if (name !== join('logs', 'heartbeat') && (stats.mode & bits) !== bits) hidden.push(name);
  }
  return hidden;
}

/** Has a program of Node tell its umask when it ends. */
const TELL = `data:text/javascript,process.on('exit', () => console.error('umask', process.umask().toString(8)))`;

describe.each(['jobs/runner.js', 'privileged.js'])('%s', (program) => {
  test.each([
    ['000', '22'],
    ['027', '27'],
    ['077', '77'],
  ])('started with umask %s has %s', (umask, expected) => {
    const [shell, ...args] = withUmask(umask);
    const command = [process.execPath, '--import', TELL, join('dist', program)];
    const { stderr } = spawnSync(shell, [...args, ...command], { input: '', encoding: 'utf8' });
    expect(stderr).toContain(`umask ${expected}\n`);
  });
});
