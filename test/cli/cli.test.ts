import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { admind } from './command-line.js';

const HASH = '39791be66bfbce4966b6c3feb7bfcb9118c285fa952b030a9af2fcf64f1a67ac\n';

test('--version and --help', async () => {
  expect(await admind(['--version'])).toEqual({ status: 0, stdout: 'admind 1.0.0\n', stderr: '' });
  const { status, stdout } = await admind(['--help']);
  expect(status).toBe(0);
  for (const command of ['serve', 'sign', 'package', 'bundle']) expect(stdout).toContain(command);
});

test.each([
  ['serve'],
  ['sign'],
  ['package'],
  ['package create'],
  ['package keygen'],
  ['package inspect'],
  ['package verify'],
  ['bundle'],
  ['bundle open'],
])('%s --help shows its usage', async (command) => {
  const { status, stdout } = await admind([...command.split(' '), '--help']);
  expect([status, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(`^Usage: admind ${command}`)]);
});

test.each([
  [['dance'], 'unknown command "dance"'],
  [['serve', '--colour'], "Unknown option '--colour'"],
  [['sign', 'GET'], 'sign takes a METHOD and a PATH'],
  [['sign', 'get', '/version'], 'METHOD must be in capital letters'],
  [['sign', 'GET', 'version'], 'PATH must start with a slash'],
  [['sign', 'GET', '/version'], 'no token: give --token-file or ADMIND_TOKEN'],
])('%j is wrong usage: one line, status 2', async (args, message) => {
  const { status, stderr } = await admind(args);
  expect([status, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(message)]);
});

test('a file that is none, and a system call that fails, stop a command with one line and status 1', async () => {
  const { paths, root, remove } = await createAppliance();
  const banner = async () => {
    const { status, stderr } = await admind(['console-banner', '--root', root]);
    return [status, stderr];
  };
  try {
    await mkdir(paths.apiTokenSetup);
    expect(await banner()).toEqual([1, `admind: Not a regular file: ${paths.apiTokenSetup}\n`]);
    await rm(paths.etc, { recursive: true });
    await writeFile(paths.etc, '');
    expect(await banner()).toEqual([1, expect.stringMatching(/^admind: ENOTDIR: [^\n]*\n$/)]);
  } finally {
    await remove();
  }
});

describe('sign', () => {
  test.each([['/version'], ['/api/v1/admin/version'], ['/version?action=START']])(
    'signs %s with the token of the environment',
    async (path) => {
      expect(await admind(['sign', 'GET', path], { ADMIND_TOKEN: 'testtoken' })).toEqual({
        status: 0,
        stdout: HASH,
        stderr: '',
      });
    },
  );

  test('takes the first line of a token file', async () => {
    const { root, remove } = await createAppliance();
    await writeFile(join(root, 'token'), 'testtoken\r\nsecond');
    expect((await admind(['sign', '--token-file', join(root, 'token'), 'GET', '/version'])).stdout).toBe(
      HASH,
    );
    const missing = await admind(['sign', '--token-file', join(root, 'none'), 'GET', '/version']);
    expect([missing.status, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^admind: Cannot read the token file .*none/),
    ]);
    await remove();
  });
});

describe('serve tells in one line why it cannot start', () => {
  let appliance: TestAppliance;
  beforeEach(async () => {
    appliance = await createAppliance();
  });
  afterEach(() => appliance.remove());

  const start = async (env: Readonly<Record<string, string>> = {}, ...args: string[]) => {
    const { status, stderr } = await admind(['serve', '--root', appliance.root, '--port', '0', ...args], env);
    expect([status, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
    return stderr;
  };
  const settings = (value: unknown) =>
    appliance.write(appliance.paths.settings, typeof value === 'string' ? value : JSON.stringify(value));

  test.each([
    [{ colour: 1 }, /unknown name "colour"\. Allowed: acceptLegacyPackages, applianceType, /],
    [{ port: '8443' }, /"port" must be integer/],
    [{ port: 70_000 }, /"port" must be <= 65535/],
    [
      { logLevel: 'loud' },
      /"logLevel" must be equal to one of the allowed values: debug, info, warn, error, silent/,
    ],
    ['{"port":', /admind\.json is not valid JSON/],
    ['[]', /it must be object/],
    [{ tls: false }, /"tls" is off, so JIDO_API_PORT must name the port for the proxy/],
  ])('settings %j', async (value, message) => {
    await settings(value);
    expect(await start()).toMatch(message);
  });

  test('a broken certificate', async () => {
    await appliance.write(appliance.paths.tlsBundle, 'nonsense');
    expect(await start()).toMatch(
      /^admind: Broken TLS certificate .*enterprise\.pem: it holds no private key\n$/,
    );
  });

  test('a certificate without its key', async () => {
    await appliance.write(
      appliance.paths.tlsCertificate,
      '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
    );
    expect(await start()).toMatch(/Broken TLS certificate .*enterprise\.crt: it holds no private key/);
  });

  test('a root that is a file, or holds something else', async () => {
    const file = join(appliance.root, 'file');
    await writeFile(file, '');
    expect(await start({}, '--root', file)).toMatch(/Cannot use .*file as the root of an appliance: ENOTDIR/);
    expect(await start({}, '--root', appliance.paths.etc)).toMatch(
      /is not the root of an appliance|updates\.key/,
    );
  });

  test('a machine without an admin directory', async () => {
    const { status, stderr } = await admind(['serve'], { JIDO_ADMIN_PATH: '/nowhere/tinyadmin' });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^admind: No usable appliance at \/nowhere\/tinyadmin: ENOENT/),
    ]);
  });

  test('a port that is taken, and one that is none', async () => {
    const { startTestDaemon } = await import('../support/daemon.js');
    const other = await startTestDaemon();
    expect(await start({}, '--port', String(other.daemon.port))).toMatch(
      /^admind: Cannot listen on port \d+ of 127\.0\.0\.1: another program uses it\. Stop that program or choose another --port\n$/,
    );
    expect(await start({}, '--port', 'http')).toMatch(/--port must be a port, 0 to 65535, not "http"/);
    expect(await start({ JIDO_API_PORT: '99999' })).toMatch(/JIDO_API_PORT must be a port/);
    const proxyPort = String(other.daemon.port);
    expect(await start({ JIDO_API_PORT: proxyPort }, '--port', '0')).toMatch(
      /^admind: Cannot listen on port \d+ of 127\.0\.0\.1: another program uses it\. Stop that program or choose another JIDO_API_PORT\n$/,
    );
    await other.stop();
  });

  test('an address that this machine does not have', async () => {
    expect(await start({}, '--host', '192.0.2.1')).toMatch(/this machine has no such address/);
  });
});
