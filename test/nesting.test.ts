import { afterShell } from './support/after-shell.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from './support/daemon-process.js';

/** Half of what V8 takes for granted, so that a value that nests too deeply ends the process instead of being an error. */
const STACK_KIB = 512;
const DEEP = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;

let appliance: TestAppliance;
let daemon: DaemonProcess;
beforeAll(async () => {
  appliance = await createAppliance({ logLevel: 'info' });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.version, '1.0.0\n');
  await write(paths.endpointConfiguration, EVERYTHING);
  daemon = await startDaemonProcess(appliance, {
    prefix: afterShell(`ulimit -s ${STACK_KIB}`),
  });
});
afterAll(async () => {
  await daemon.kill('SIGKILL');
  await appliance.remove();
});
afterEach(() => daemon.call('get', '/version').expect(200, { version: '1.0.0' }));

const post = (endpoint: string, document: string) =>
  daemon.call('post', endpoint).attach('settings', Buffer.from(document), 'settings.json');

test.each([
  ['/settings', DEEP],
  ['/settings', `{"network":{},"app":{"a":${DEEP}}}`],
  ['/settings', '['.repeat(200_000)],
  ['/storage', `{"storage":{"type":${DEEP}}}`],
])('should 400 a settings file that nests too deeply, and serve on', async (endpoint, document) => {
  const { status, body } = await post(endpoint, document);
  expect([status, body]).toEqual([
    400,
    {
      Status: '400 Bad Request',
      'Error-Message': 'Invalid settings file. It nests too deeply. Allowed: at most 500 levels',
    },
  ]);
});

test('brackets in texts do not count', async () => {
  const document = `{"network":{},"app":{"a":"\\"${'['.repeat(501)}"}}`;
  expect((await post('/settings', document)).body).toMatchObject({
    'Error-Message': 'Invalid string length for option: interface. Allowed: >= 3 and <= 14',
  });
});

test('should 404 files in place that nest too deeply, and serve on', async () => {
  const { paths, write } = appliance;
  const deep = `{"status":"success","a":${DEEP}}`;
  for (const file of [paths.networkJson, paths.appJson, paths.storageJson, paths.backupStatus, paths.build])
    await write(file, deep);
  await write(paths.storageOptions, deep);
  for (const endpoint of ['/settings', '/storage', '/backup', '/build'])
    expect([endpoint, (await daemon.call('get', endpoint)).status]).toEqual([endpoint, 404]);
});
