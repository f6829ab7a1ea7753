import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppliance, TOKEN } from './support/appliance.js';
import { startDaemonProcess } from './support/daemon-process.js';
import { poll } from './support/poll.js';
import { mountTmpfs } from './support/tmpfs.js';
import { testWithMount } from './support/test-with-mount.js';

let directory: string;
let unmount: () => void;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-read-only-'));
});
afterEach(async () => {
  unmount();
  await rm(directory, { recursive: true, force: true });
});

testWithMount(
  'a daemon on a file system that became read-only starts, answers, reboots, and says so',
  async () => {
    unmount = mountTmpfs(directory, '16m');
    const appliance = await createAppliance({ logLevel: 'info' }, directory);
    const { paths, write } = appliance;
    await write(paths.apiToken, TOKEN);
    await write(paths.version, '1.0.0\n');
    // It makes its certificate.
    await (await startDaemonProcess(appliance)).kill('SIGTERM');
    // What a crash leaves, too.
    await mkdir(join(paths.incoming, '.upload-1-1-0-0'));
    await write(paths.updateLog, 'half a');
    await write(paths.updateStatusJson, '{"status":"running","percentage":10}');
    await write(paths.rebootStatus, 'running\n');
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    const daemon = await startDaemonProcess(appliance);
    try {
      await daemon.call('get', '/version').expect(200, '{"version":"1.0.0"}');
      await daemon.call('get', '/update').expect(200);
      await daemon.call('get', '/reboot').expect(202);
      expect(daemon.output()).toContain('EROFS');
      // Its runner would write below the mount point when that is unmounted.
      await poll('the job has ended', () => Promise.resolve(daemon.output().includes('"msg":"job ended"')));
    } finally {
      await daemon.kill('SIGTERM');
    }
  },
);
