import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createLogger } from '../../src/core/logger.js';
import { settleStatus } from '../../src/jobs/settle.js';
import { updateJob } from '../../src/jobs/update.js';
import { readSettings } from '../../src/config/settings.js';
import { readJobStatus, writeJobStatus } from '../../src/records/job-status.js';
import { stagedName } from '../../src/system/atomic-file.js';
import { TOKEN } from '../support/appliance.js';
import { startDaemonProcess } from '../support/daemon-process.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { makeImmutable } from '../support/immutable.js';
import { poll } from '../support/poll.js';
import { fillDisk, mountTmpfs } from '../support/tmpfs.js';
import { testWithImmutable } from '../support/test-with-immutable.js';
import { testWithMount } from '../support/test-with-mount.js';
import { makePackage } from '../support/update-package.js';

const LIMIT = 10_000;

let appliance: TestDaemon;
let unmount: (() => void) | undefined;
beforeEach(async () => {
  appliance = await startTestDaemon({ settings: { scriptOutputLimitBytes: LIMIT, settleIntervalMs: 50 } });
});
afterEach(async () => {
  unmount?.();
  unmount = undefined;
  await appliance.stop();
});

const send = async (script = 'exit 0\n') =>
  appliance.signed('POST', '/update').attach('update', await makePackage(appliance, { 'update.sh': script }));
const status = async () => (await readJobStatus(updateJob.status(appliance.paths))).fields;
const ended = async () => {
  await poll('the update ends', async () => (await status()).status !== 'running');
  return status();
};
const SUCCESS = { status: 'success', percentage: 100 };

testWithImmutable(
  'an update whose status cannot be written is refused, and both files tell the earlier one',
  async () => {
    const { text = '', json = '' } = updateJob.status(appliance.paths);
    expect((await send()).status).toBe(202);
    expect(await ended()).toEqual(SUCCESS);
    const restore = makeImmutable(json);
    try {
      expect((await send()).status).toBe(500);
      expect(await appliance.read(text)).toBe('success\n');
      expect(await status()).toEqual(SUCCESS);
    } finally {
      restore();
    }
    expect((await send()).status).toBe(202);
    expect(await ended()).toEqual(SUCCESS);
  },
);

testWithMount(
  'what a job staged cannot be removed: the next one works all the same, and says so',
  async () => {
    const { tmp, updateDirectory, updateLog } = appliance.paths;
    const mounted = join(updateDirectory, 'data');
    mountTmpfs(mounted, '64k');
    unmount = () => {
      for (const name of ['update', ...leftIn(tmp)]) {
        const path = join(tmp, name, 'data');
        if (existsSync(path)) execFileSync('umount', ['--lazy', path]);
      }
    };
    expect((await send()).status).toBe(202);
    expect(await ended()).toEqual(SUCCESS);
    expect(await appliance.read(updateLog)).toContain('Cleaning up failed: EBUSY');
    unmount();
    unmount = undefined;
    expect((await send()).status).toBe(202);
    expect(await ended()).toEqual(SUCCESS);
    expect(await readdir(tmp)).toEqual([]);
  },
);

testWithMount(
  'the disk of the logs is full: the job works, and its lost lines reach the daemon',
  async () => {
    const { log, settings } = appliance.paths;
    await appliance.write(settings, '{}');
    const daemon = await startDaemonProcess(appliance);
    unmount = mountTmpfs(log, '64k');
    await writeFile(join(log, 'update.log'), '');
    await fillDisk(join(log, 'fill'));
    const packageFile = await makePackage(appliance, { 'update.sh': 'exit 0\n' });
    const { status: code } = await daemon.call('post', '/update').attach('update', packageFile);
    expect([code, await ended()]).toEqual([202, SUCCESS]);
    await poll('the lines are in the output', () =>
      Promise.resolve(daemon.output().includes('Update successful')),
    );
    expect(daemon.output()).toContain('a log line could not be written');
    expect(daemon.output()).not.toContain(TOKEN);
    await daemon.kill('SIGTERM');
  },
);

testWithMount('the disk of the statuses is full: 500, the old status and its error stay', async () => {
  const { etc, uploads, updatesKey, updatesPublicKey, apiToken } = appliance.paths;
  const files = [updatesKey, updatesPublicKey, apiToken];
  const contents = await Promise.all(files.map((file) => appliance.read(file)));
  unmount = mountTmpfs(etc, '64k');
  for (const [index, file] of files.entries()) await writeFile(file, contents[index] ?? '');
  const send500 = async (upload: Buffer) =>
    (await appliance.signed('POST', '/update').attach('update', upload, 'p')).status;
  expect(await send500(Buffer.from('garbage'))).toBe(202);
  const before = [await ended(), (await appliance.signed('GET', '/update')).body as unknown];
  await fillDisk(join(etc, 'fill'));
  expect(await send500(Buffer.from('garbage'))).toBe(500);
  const { log: _, ...after } = (await appliance.signed('GET', '/update')).body as Record<string, unknown>;
  expect([await status(), before[1]]).toEqual([before[0], expect.objectContaining(after)]);
  await poll('the upload is removed', async () => (await readdir(uploads)).length === 0);
  await rm(join(etc, 'fill'));
  expect((await send()).status).toBe(202);
  expect(await ended()).toEqual(SUCCESS);
});

testWithMount('a cut-off job is settled once the status can be written, and says so once', async () => {
  const { paths } = appliance;
  await appliance.daemon.stop();
  unmount = mountTmpfs(paths.etc, '64k');
  await writeJobStatus(updateJob.status(paths), 'running', { percentage: 30 });
  await fillDisk(join(paths.etc, 'fill'));
  const recorded = {
    job: updateJob,
    paths,
    settings: readSettings(paths.settings),
    logger: createLogger('silent'),
  };
  for (let round = 0; round < 3; round += 1) {
    await expect(settleStatus(recorded)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  expect(existsSync(paths.updateLog)).toBe(false);
  await rm(join(paths.etc, 'fill'));
  await settleStatus(recorded);
  await settleStatus(recorded);
  expect(await status()).toEqual({ status: 'failed', percentage: 30 });
  expect((await appliance.read(paths.updateLog)).match(/was cut off/g)).toHaveLength(1);
});

test('half-written files of killed processes are removed at the start, young ones left alone', async () => {
  const { etc, locks, settings } = appliance.paths;
  const old = [
    join(etc, '.api.token.0123456789abcdef0123456789ab.new'),
    join(locks, 'update/.0123456789abcdef0123456789ab.new'),
    join(locks, 'start/.0123456789abcdef0123456789ab.new'),
  ];
  for (const file of old) {
    await appliance.write(file, '');
    await utimes(file, 0, 0);
  }
  // A clock that is wrong, or a boot within a minute: its name tells that it is older than the boot.
  const cutOff = join(etc, '.version.txt.0123456789abcdef0123456789ab.new');
  await writeFile(cutOff, '');
  const young = basename(stagedName(join(etc, 'api.token')));
  await writeFile(join(etc, young), '');
  await appliance.write(settings, '{}');
  const daemon = await startDaemonProcess(appliance);
  const left = [...old, cutOff].filter((file) => existsSync(file));
  const names = await readdir(etc);
  await daemon.kill('SIGTERM');
  expect(left).toEqual([]);
  expect(names).toContain(young);
});

function leftIn(directory: string): string[] {
  return execFileSync('ls', ['-A', directory], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name.endsWith('.left'));
}
