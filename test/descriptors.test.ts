import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { lockOf } from '../src/jobs/acquire.js';
import { isLocked } from '../src/system/lock.js';
import { afterShell } from './support/after-shell.js';
import { createAppliance, TOKEN, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from './support/daemon-process.js';
import { openIdleConnections } from './support/idle-connections.js';
import { openDescriptors } from './support/open-descriptors.js';
import { poll } from './support/poll.js';
import { writeScript } from './support/script-file.js';

/** Enough to start with: all modules are read at once. */
const LIMIT = 300;

let appliance: TestAppliance;
let daemon: DaemonProcess;
let agent: Agent;
beforeAll(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.license, '{}');
  await writeScript(join(paths.bin, 'license.sh'), 'echo "{}"');
  daemon = await startDaemonProcess(appliance, {
    prefix: afterShell(`ulimit -n ${LIMIT}`),
  });
  agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
});
afterAll(async () => {
  agent.destroy();
  await daemon.kill('SIGTERM');
  await appliance.remove();
});

/** On a connection that is kept: the daemon needs no descriptor for it. @returns the status; 0 without an answer */
const get = (path: string) =>
  new Promise<number>((resolve) => {
    request(`${daemon.url}/api/v1/admin${path}?token=${TOKEN}`, { agent }, (response) => {
      response.resume().once('close', () => resolve(response.statusCode ?? 0));
    })
      .on('error', () => resolve(0))
      .end();
  });
const descriptors = () => openDescriptors(daemon.process.pid ?? 0).length;
const noJobRuns = () => poll('no job runs', async () => !(await isLocked(lockOf('reboot', appliance.paths))));

test.each(['/services', '/license', '/reboot'])(
  'without file descriptors %s costs none, and does not end the daemon',
  async (path) => {
    const whenWell = await get(path);
    await noJobRuns();
    const before = descriptors();
    const close = await openIdleConnections(daemon.port, LIMIT);
    await poll('they are used up', () => Promise.resolve(descriptors() > LIMIT - 4));
    // No answer where the connection was not kept: a new one cannot be accepted.
    for (let round = 0; round < 5; round += 1) expect([whenWell, 404, 500, 0]).toContain(await get(path));
    close();
    await poll('nothing is lost', () => Promise.resolve(descriptors() <= before));
    expect(await get(path)).toBe(whenWell);
    await noJobRuns();
  },
);
