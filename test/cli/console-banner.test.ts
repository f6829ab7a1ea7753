import { stat } from 'node:fs/promises';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { admind } from './command-line.js';

let appliance: TestDaemon;
afterEach(() => appliance.stop());

const banner = (...args: readonly string[]) => admind(['console-banner', '--root', appliance.root, ...args]);
const firstRun = (enabled: boolean) =>
  startTestDaemon({
    token: null,
    settings: { host: '127.0.0.1', port: 9443 },
    prepare: ({ write, paths }) =>
      write(paths.endpointConfiguration, JSON.stringify({ 'first-run': { enabled } })),
  });

test('it says where the API is, what its certificate is, and what the first set-up needs', async () => {
  appliance = await firstRun(true);
  const passphrase = (await appliance.read(appliance.paths.apiTokenSetup)).trim();
  const fingerprint = await servedFingerprint(appliance.daemon.port ?? 0);
  const { status, stdout } = await banner();
  expect(status).toBe(0);
  expect(stdout.split('\n').slice(1)).toEqual([
    '',
    'Administration       https://127.0.0.1:9443',
    'Certificate SHA-256',
    `  ${fingerprint}`,
    `Set-up passphrase    ${passphrase}`,
    '',
    '',
  ]);
});

test('without a first run there is no passphrase', async () => {
  appliance = await firstRun(false);
  expect((await banner()).stdout).not.toContain('passphrase');
});

test('it is published for the login prompt, for root alone, and on the console when it changes', async () => {
  appliance = await firstRun(true);
  const { paths } = appliance;
  await appliance.write(paths.console, '');
  const { stdout } = await banner();
  expect(await banner('--publish')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await appliance.read(paths.issue)).toBe(stdout);
  expect((await stat(paths.issue)).mode & 0o777).toBe(0o600);
  await banner('--publish');
  expect(await appliance.read(paths.console)).toBe(`\n${stdout}`);
  await admind(['token', 'reset', '--root', appliance.root]);
  await banner('--publish');
  expect((await appliance.read(paths.console)).length).toBeGreaterThan(stdout.length + 1);
});
