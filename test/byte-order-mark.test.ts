import { join } from 'node:path';
import { startTestDaemon, type TestDaemon } from './support/daemon.js';
import { poll } from './support/poll.js';
import { writeScript } from './support/script-file.js';

const MARK = '\uFEFF';
const SETTINGS = '{"network":{"interface":"eth0","hostname":"test.host"},"app":{"id":12345678901234567890}}';

let appliance: TestDaemon;
beforeAll(async () => {
  appliance = await startTestDaemon({
    settings: { applianceType: 'MARKED' },
    prepare: async ({ paths, read, write }) => {
      await write(paths.settings, `${MARK}${await read(paths.settings)}`);
      await write(paths.endpointConfiguration, `${MARK}{"endpoints":["settings","storage"]}`);
      await write(paths.build, `${MARK}{"a":1}`);
      await write(paths.storageJson, `${MARK}{"storage":{"type":"nfs"}}`);
      await write(paths.storageOptions, `${MARK}{"options":["nfs"]}`);
      await write(paths.updateStatusJson, `${MARK}{"status":"success","percentage":100}`);
      await writeScript(join(paths.bin, 'network.sh'), 'exit 0');
    },
  });
});
afterAll(() => appliance.stop());

test('a byte order mark is skipped in the settings and the endpoint configuration', async () => {
  const { text } = await appliance.signed('GET', '/endpoints');
  expect(text).toContain('/api/v1/admin/settings');
});

test('a byte order mark is skipped in files that are shown', async () => {
  const shown = async (path: string) => (await appliance.signed('GET', path)).text;
  expect(await shown('/build')).toBe('{"a":1}');
  expect(await shown('/storage')).toBe('{"storage":{"type":"nfs"},"options":["nfs"]}');
  expect(await shown('/update')).toBe('{"status":"success","percentage":100,"log":null}');
});

test('a byte order mark is skipped in what is uploaded', async () => {
  const sent = await appliance
    .signed('POST', '/settings')
    .attach('settings', Buffer.from(`${MARK}${SETTINGS}`), 's');
  expect(sent.status).toBe(202);
  await poll(
    'it has ended',
    async () => (await appliance.read(appliance.paths.settingsStatus)) === 'success\n',
  );
  expect(await appliance.read(appliance.paths.appJson)).toBe('{"id":12345678901234567890}\n');
  expect(await appliance.read(appliance.paths.settingsLog)).toContain('[MARKED]');
});
