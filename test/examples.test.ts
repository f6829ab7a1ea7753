import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { endpoints } from '../src/api/v1/index.js';
import { prepareSandbox, vendorDirectory } from '../src/appliance/sandbox.js';
import { signRequest } from '../src/auth/credential.js';
import { appliancePaths, DEFAULT_ADMIN_PATH } from '../src/config/paths.js';
import type { Endpoint } from '../src/http/endpoint.js';
import { renderEndpointTable } from '../src/http/endpoint-table.js';
import { lockOf } from '../src/jobs/acquire.js';
import { jobs, type JobName } from '../src/jobs/index.js';
import { startDaemon, type Daemon } from '../src/main.js';
import { createPackage } from '../src/package/create.js';
import { isLocked } from '../src/system/lock.js';
import { poll } from './support/poll.js';
import { describeWith } from './support/tools.js';

const TOKEN = 'my-secret-token';
const readme = await readFile('README.md', 'utf8');
const squeeze = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

test('the table of endpoints in the README is the one made from the endpoint table', () => {
  expect(squeeze(readme)).toContain(squeeze(renderEndpointTable(endpoints)));
});

describeWith('curl', 'openssl')('the examples, in order, on a sandbox', () => {
  let root: string;
  let work: string;
  let daemon: Daemon;
  let url: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'admind-examples-'));
    work = await mkdtemp(join(tmpdir(), 'admind-examples-work-'));
    const paths = appliancePaths(root, DEFAULT_ADMIN_PATH);
    await prepareSandbox(root, paths);
    await writeFile(paths.settings, '{"logLevel":"silent"}');
    await makeFiles();
    daemon = await startDaemon({ root, adminPath: DEFAULT_ADMIN_PATH, port: 0 });
    url = `https://127.0.0.1:${daemon.port ?? 0}`;
  });
  afterEach(async () => {
    await jobsEnd();
    await daemon.stop();
    for (const directory of [root, work])
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  /** The files that the examples name. */
  async function makeFiles(): Promise<void> {
    const vendor = vendorDirectory(root);
    const write = (name: string, content: string) => writeFile(join(work, name), content);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: work, stdio: 'pipe' });
    await createPackage({
      directory: join(vendor, 'sample-update'),
      keyFile: join(vendor, 'keys/updates.key'),
      privateKeyFile: join(vendor, 'keys/updates.private.pem'),
      outputFile: join(work, 'software_package-1.1.0.enc'),
    });
    await write('token.txt', TOKEN);
    await write(
      'settings.json',
      '{"network":{"interface":"eth0","hostname":"test.host"},"app":{"name":"testapp"}}',
    );
    await write('storage.json', '{"storage":{"type":"local"}}');
    await write('license.asc', '{"name":"testlicense"}');
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'appliance.key',
      '-out',
      'appliance.pem',
      ...subject,
    );
    await copyFile(join(work, 'appliance.pem'), join(work, 'ca.pem'));
    await write('data.txt', 'restored');
    execFileSync('tar', ['-cf', 'backup-archive.tar', 'data.txt'], { cwd: work });
  }

  async function jobsEnd(): Promise<void> {
    for (const name of Object.keys(jobs) as JobName[]) {
      await poll(`${name} ends`, async () => !(await isLocked(lockOf(name, daemon.paths))));
    }
  }

  async function run(script: string, env: Readonly<Record<string, string>>) {
    const shell = spawn('/bin/sh', ['-euc', script], {
      cwd: work,
      env: { PATH: `${resolve('scripts')}:${process.env.PATH ?? ''}`, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    shell.stdout.on('data', (data: Buffer) => (output += data.toString('latin1')));
    shell.stderr.on('data', (data: Buffer) => (output += data.toString()));
    shell.stdin.on('error', () => undefined).end(TOKEN);
    const [status] = (await once(shell, 'close')) as [number | null];
    return { status, output };
  }

  /** The command of the reference, with this host and a hash; prints status and content type after the body. */
  function curl({ method, path, example, auth }: Endpoint): string {
    const query = auth === 'token' ? `?hash=${signRequest(TOKEN, method + path)}` : '';
    const own = /(^| )-[oO]/.test(example.arguments ?? '') ? '' : '-o out';
    return (
      `rm -f out; curl -sSLk -X ${method} "${url}${path}${query}" ${example.arguments ?? ''} ${own} ` +
      `-w '%{http_code} %{content_type}'; echo; [ ! -f out ] || cat out`
    );
  }

  test('each one of the reference is answered as it says', async () => {
    for (const endpoint of endpoints) {
      await jobsEnd();
      const { status, contentType, body } = endpoint.example;
      const { output } = await run(curl(endpoint), {});
      const [head, ...rest] = output.split('\n');
      const where = `${endpoint.method} ${endpoint.path}`;
      expect([where, head, where]).toEqual([where, `${status} ${contentType}`, where]);
      if (contentType !== 'application/json') continue;
      // What a vendor writes may hold more than the example.
      const keys = Object.keys(JSON.parse(rest.join('\n')) as object);
      expect([where, ...keys]).toEqual(
        expect.arrayContaining([where, ...Object.keys(JSON.parse(body) as object)]),
      );
    }
  }, 120_000);

  test('each one of the README ends with status 0', async () => {
    const [, part = ''] = /<!-- endpoints: npm run readme -->([^]*)<!-- \/endpoints -->/.exec(readme) ?? [];
    const commands = [...part.matchAll(/`(admin-curl [^`]*)`/g)].map(([, command = '']) => command);
    expect(commands).toHaveLength(endpoints.length - 1);
    const env = { ADMIND_URL: url, ADMIND_TOKEN_FILE: join(work, 'token.txt') };
    for (const command of commands) {
      await jobsEnd();
      const isFirst = command.includes('/setup');
      const line = command.replace('admin-curl', `admin-curl -k${isFirst ? ' --no-token' : ''}`);
      const { status, output } = await run(line, env);
      expect([command, output, status]).toEqual([command, output, 0]);
    }
  }, 120_000);
});
