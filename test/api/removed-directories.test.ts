import { existsSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jobs, type JobName } from '../../src/jobs/index.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { EVERYTHING } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { writeScript } from '../support/script-file.js';
import { makePackage } from '../support/update-package.js';

/* Directories of the appliance that are removed while the daemon runs. */

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, EVERYTHING),
  });
});
afterEach(() => appliance.stop());

const STATIC = { interface: 'eth0', hostname: 'test.host', ip_address: '192.168.1.100' };
const networks = {
  dhcp: { interface: 'eth0', hostname: 'test.host' },
  static: { ...STATIC, netmask: '255.255.255.0', gateway: '192.168.1.1' },
};

const installNetworkScript = (body: string) => writeScript(join(appliance.paths.bin, 'network.sh'), body);
const send = (network: unknown) =>
  appliance
    .signed('POST', '/settings')
    .attach('settings', Buffer.from(JSON.stringify({ network })), 'settings.json');
const ended = (name: JobName) =>
  poll(`${name} ends`, async () => {
    const { status } = (await readJobStatus(jobs[name].status(appliance.paths))).fields;
    return status !== 'running' && status;
  });
const modeOf = async (directory: string) => (await stat(directory)).mode;

test.each(['incoming', 'taken', 'tmp', 'log', 'uploads'] as const)(
  '%s is there again when a job has run, which succeeds and tells so',
  async (name) => {
    const { paths, read } = appliance;
    await installNetworkScript('exit 0');
    const mode = await modeOf(paths[name]);
    await rm(paths[name], { recursive: true });
    expect((await send(networks.dhcp)).status).toBe(202);
    expect(await ended('settings')).toBe('success');
    expect(await modeOf(paths[name])).toBe(mode);
    expect(await read(paths.settingsLog)).toMatch(/Please wait[^]*Updating settings successful\n$/);
  },
);

test('an update finds all of them, and what its script removes is there again after it', async () => {
  const { paths, read } = appliance;
  for (const name of ['incoming', 'taken', 'tmp', 'log'] as const) await rm(paths[name], { recursive: true });
  await writeScript(paths.symlinktool, 'exit 0');
  const script = 'rm -rf "$JIDO_ADMIN_PATH/tmp" "$JIDO_ADMIN_PATH/log"\n';
  const file = await makePackage(appliance, { 'update.sh': script });
  expect((await appliance.signed('POST', '/update').attach('update', file)).status).toBe(202);
  expect(await ended('update')).toBe('success');
  const log = await read(paths.updateLog);
  expect(log).toMatch(/Update successful\n$/);
  expect(log).not.toContain('failed');
});

test('a vendor’s directory that an update exchanges is not made meanwhile by another job', async () => {
  const { paths, write } = appliance;
  const at = (name: string) => join(paths.admin, name);
  await write(join(at('bin.new'), 'network.sh'), '');
  await write(paths.logsList, '');
  const script = `cd "$JIDO_ADMIN_PATH"
mv bin bin.old
: >log/moved
while ! [ -e log/go ]; do sleep 0.05; done
mv bin.new bin
`;
  const file = await makePackage(appliance, { 'update.sh': script });
  expect((await appliance.signed('POST', '/update').attach('update', file)).status).toBe(202);
  try {
    await poll('bin is moved away', () => Promise.resolve(existsSync(join(paths.log, 'moved'))));
    expect((await appliance.signed('GET', '/logs')).status).toBe(200);
    expect(existsSync(paths.bin)).toBe(false);
  } finally {
    await writeFile(join(paths.log, 'go'), '');
  }
  expect(await ended('update')).toBe('success');
  expect(await readdir(paths.bin)).toEqual(['network.sh']);
});

test('a network.sh that removes tmp and fails is followed by one that sets the network up again', async () => {
  const { paths, read } = appliance;
  await installNetworkScript('[ "$1" = dhcp ] || { rm -rf "$JIDO_ADMIN_PATH/tmp"; exit 3; }');
  expect([(await send(networks.dhcp)).status, await ended('settings')]).toEqual([202, 'success']);
  expect([(await send(networks.static)).status, await ended('settings')]).toEqual([202, 'failed']);
  expect(await read(paths.settingsLog)).toMatch(/The previous state was put back\n/);
});

test('where the uploads cannot be received, the answer says so', async () => {
  const { paths, write } = appliance;
  const home = dirname(paths.incoming);
  await rm(home, { recursive: true });
  await write(home, 'in the way');
  const { status, headers } = await send(networks.dhcp);
  expect([status, headers['error-message']]).toEqual([500, 'The upload could not be stored']);
});
