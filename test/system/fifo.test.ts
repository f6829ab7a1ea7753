import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, open, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, relative, resolve } from 'node:path';
import request from 'supertest';
import type { Paths } from '../../src/config/paths.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from '../support/appliance.js';

/*
 * Something else in the place of a file: the daemon is in a process of its own, which a call that waits for ever in the
 * kernel cannot keep from being killed.
 */

const LIMIT_MS = 60_000;

let appliance: TestAppliance;
let daemon: ChildProcess | undefined;
let output = '';
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info', scriptTimeLimitMs: 5_000 });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.version, '1.2.3\n');
  output = '';
});
afterEach(async () => {
  if (daemon?.exitCode === null && daemon.signalCode === null) {
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
  }
  daemon = undefined;
  await appliance.remove();
});

const KINDS: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
  ['a pipe', makePipe],
  ['a socket', bindSocket],
  ['a directory', (file) => mkdir(file)],
  ['a device', (file) => symlink('/dev/zero', file)],
  ['a link to itself', (file) => symlink(file, file)],
];

/** The daemon does not start, and one line names the file. */
const NEEDED: readonly (keyof Paths)[] = ['tlsBundle', 'tlsPrivateKey', 'tlsCertificate'];

/** It starts, and answers all that does not need the file. */
const REPLACED: readonly (keyof Paths)[] = [
  'apiTokenSetup',
  'version',
  'changelog',
  'build',
  'health',
  'networkJson',
  'appJson',
  'storageJson',
  'storageOptions',
  'serviceList',
  'license',
  'backupList',
  'logsList',
  'debugList',
  'updatesPublicKey',
  'auditLog',
  'tokenLog',
  'updateLog',
  'backupLog',
  'logsLog',
  'updateStatusJson',
  'updateStatusText',
  'updateErrorMessage',
  'settingsStatus',
  'certsStatus',
  'storageStatus',
  'licenseStatus',
  'backupStatus',
  'restoreStatus',
  'rebootStatus',
];

const ENDPOINTS = [
  'version',
  'changelog',
  'build',
  'health',
  'settings',
  'storage',
  'services',
  'license',
  'update',
  'update/log',
  'certs',
  'backup',
  'backup/download',
  'logs',
  'debug',
];

const replace = async (name: keyof Paths, put = makePipe) => {
  const file = appliance.paths[name] as string;
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await put(file);
  return file;
};

describe.each(KINDS)('%s in the place of', (_kind, put) => {
  test('the settings keeps the daemon from starting, and it says why', async () => {
    await expectRefusal(await replace('settings', put));
  });

  test('all else: everything is answered, again and again, and the daemon stops', async () => {
    for (const name of REPLACED) await replace(name, put);
    const { url, stop } = await startAndListen();
    // More often than there are threads that could wait.
    for (let round = 0; round < 2; round += 1) {
      const statuses = await Promise.all(ENDPOINTS.map((path) => statusOf(url, `/api/v1/admin/${path}`)));
      expect([200, 400, 404, 500]).toEqual(expect.arrayContaining(statuses));
    }
    expect(await statusOf(url, '/healthz')).toBe(200);
    await stop();
  });
});

describe('a pipe in the place of', () => {
  test.each(NEEDED)('%s keeps the daemon from starting, and it says why', async (name) => {
    await expectRefusal(await replace(name));
  });

  test('the token: nobody gets in, and the log says why', async () => {
    const file = await replace('apiToken');
    const { url, stop } = await startAndListen();
    expect(await statusOf(url, '/api/v1/admin/version')).toBe(500);
    expect(await statusOf(url, '/docs')).toBe(200);
    await stop();
    expect(output).toContain(`Not a regular file: ${file}`);
  });

  test('the endpoint configuration: the defaults count, and the log says so', async () => {
    await replace('endpointConfiguration');
    const { url, stop } = await startAndListen();
    expect(await statusOf(url, '/api/v1/admin/version')).toBe(200);
    expect(await statusOf(url, '/api/v1/admin/license')).toBe(404);
    await stop();
    expect(output).toContain('unreadable endpoint configuration is not used');
  });

  test('the first-run passphrase: nobody gets in, and the daemon stops', async () => {
    await replace('apiTokenSetup');
    const { url, stop } = await startAndListen();
    expect(await statusOf(url, '/api/v1/admin/version')).toBe(500);
    await stop();
  });

  test('a status and the audit log: a job runs, and its status is a file again', async () => {
    const status = await replace('logsStatus');
    await replace('auditLog');
    await appliance.write(appliance.paths.logsList, '/etc\n');
    const { url, stop } = await startAndListen();
    expect([await statusOf(url, '/api/v1/admin/logs'), await appliance.read(status)]).toEqual([
      200,
      'success\n',
    ]);
    await stop();
  });

  test("a job's log: the job fails, and does not wait", async () => {
    await replace('debugLog');
    await appliance.write(appliance.paths.debugList, 'echo hello;\n');
    const { url, stop } = await startAndListen();
    expect(await statusOf(url, '/api/v1/admin/debug')).toBe(200);
    await stop();
  });
});

test('a pipe whose other end is open is not waited for either', async () => {
  const { changelog, auditLog } = appliance.paths;
  for (const file of [changelog, auditLog]) execFileSync('mkfifo', [file]);
  const ends = await Promise.all(
    [changelog, auditLog].map((file) => open(file, constants.O_RDWR | constants.O_NONBLOCK)),
  );
  try {
    const { url, stop } = await startAndListen();
    expect(await statusOf(url, '/api/v1/admin/changelog')).toBe(404);
    expect(await statusOf(url, '/api/v1/admin/version')).toBe(200);
    await stop();
  } finally {
    for (const end of ends) await end.close();
  }
});

test('/dev/null in the place of a file is an empty one', async () => {
  const { backupList, endpointConfiguration } = appliance.paths;
  await rm(endpointConfiguration);
  for (const file of [backupList, endpointConfiguration]) await symlink('/dev/null', file);
  const { stop } = await startAndListen();
  await stop();
  expect(output).not.toContain('unreadable');
});

async function expectRefusal(file: string): Promise<void> {
  start();
  const [code] = (await once(daemon!, 'exit')) as [number | null];
  expect([code, output]).toEqual([1, expect.stringContaining(`Not a regular file: ${file}\n`)]);
}

function start(): void {
  const child = spawn(
    process.execPath,
    [resolve('dist/cli.js'), 'serve', '--root', appliance.root, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  daemon = child;
}

async function startAndListen(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  start();
  const child = daemon!;
  while (!output.includes('"msg":"listening"')) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the daemon ended: ${output}`);
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  }
  const [, port = ''] = /"port":(\d+)/.exec(output) ?? [];
  return {
    url: `https://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    },
  };
}

async function statusOf(url: string, path: string): Promise<number> {
  return (await request(url).get(`${path}?token=${TOKEN}`).disableTLSCerts()).status;
}

/** By its name from here: a socket's whole path has to be shorter than some. */
async function bindSocket(file: string): Promise<void> {
  const name = relative(process.cwd(), file);
  const server = createServer().listen(name.length < file.length ? name : file);
  await once(server, 'listening');
  // Its end would remove it.
  server.unref();
}

function makePipe(file: string): Promise<unknown> {
  return Promise.resolve(execFileSync('mkfifo', [file]));
}
