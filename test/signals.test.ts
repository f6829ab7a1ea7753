import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../src/core/clock.js';
import { backupJob } from '../src/jobs/backup.js';
import { readJobStatus } from '../src/records/job-status.js';
import { afterShell } from './support/after-shell.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from './support/daemon-process.js';
import { listeningPorts } from './support/listening-ports.js';
import { poll } from './support/poll.js';

/** 1 MiB: `ulimit` counts blocks of 512 bytes in a POSIX shell. */
const [LIMIT_BYTES, LIMIT_BLOCKS] = [1024 * 1024, 2048];

let appliance: TestAppliance;
let daemon: DaemonProcess;
beforeAll(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.version, '1.0.0\n');
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.backupList, 'noise\n');
  await write(join(paths.data, 'noise'), Buffer.alloc(2 * LIMIT_BYTES, 'noise').toString());
  daemon = await startDaemonProcess(appliance, {
    prefix: afterShell(`ulimit -f ${LIMIT_BLOCKS}`),
  });
});
afterAll(async () => {
  await daemon.kill('SIGTERM');
  await appliance.remove();
});

test('an upload that is larger than a file may be is refused, and does not end the daemon', async () => {
  const { body, status } = await daemon
    .call('post', '/update')
    .attach('update', Buffer.alloc(2 * LIMIT_BYTES), 'software_package.enc');
  expect([status, body]).toEqual([
    413,
    { Status: '413 Content Too Large', 'Error-Message': 'The appliance can store no file of this size' },
  ]);
  await daemon.call('get', '/version').expect(200, { version: '1.0.0' });
});

test('a backup that is larger than a file may be fails and says why', async () => {
  const { paths, read } = appliance;
  await daemon.call('post', '/backup').field('action', 'START').expect(202);
  await poll(
    'it has failed',
    async () => (await readJobStatus(backupJob.status(paths))).fields.status === 'failed',
  );
  expect(await read(paths.backupLog)).toContain('EFBIG');
  expect(existsSync(paths.backupArchive)).toBe(false);
});

test('SIGUSR1 opens no debugger', async () => {
  const { pid = 0 } = daemon.process;
  daemon.process.kill('SIGUSR1');
  for (let round = 0; round < 10; round += 1) {
    // A thread of its own would open its port.
    await sleep(20);
    expect(listeningPorts(pid)).toEqual([daemon.port]);
  }
});
