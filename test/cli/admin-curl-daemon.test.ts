import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { describeWith } from '../support/tools.js';
import { makePackage } from '../support/update-package.js';

describeWith('curl', 'openssl')('admin-curl against the daemon', () => {
  let appliance: TestDaemon;
  beforeAll(async () => {
    appliance = await startTestDaemon({
      token: null,
      prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    });
    await writeFile(join(appliance.root, 'token'), 'my token is #1 & 100%'.replaceAll(' ', '_'));
  });
  afterAll(() => appliance.stop());

  async function adminCurl(...args: string[]) {
    const child = spawn(resolve('scripts/admin-curl'), args, {
      env: {
        PATH: process.env.PATH,
        ADMIND_URL: appliance.url,
        ADMIND_CACERT: appliance.paths.tlsCertificate,
        ADMIND_TOKEN_FILE: join(appliance.root, 'token'),
        ADMIN_CURL_POLL_SECONDS: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }

  test('sets the first token, signs, updates and follows, and tells failure from success', async () => {
    const setup = ['POST', '/setup', '-F', `newtoken=<${join(appliance.root, 'token')}`];
    expect(await adminCurl('--no-token', ...setup)).toMatchObject({
      status: 0,
      stdout: '{"Status":"200 OK"}\n',
    });
    expect(await adminCurl('--no-token', ...setup)).toMatchObject({ status: 1 });
    expect(await adminCurl('GET', '/version')).toMatchObject({ status: 0, stdout: '{"version":"1.0.0"}\n' });

    const good = await makePackage(appliance, {
      'version.txt': '1.1.0\n',
      'update.sh': 'echo installing; cp version.txt "$JIDO_ADMIN_PATH/etc/"\n',
    });
    const update = await adminCurl('--wait', 'POST', '/update', '-F', `update=@${good}`);
    expect([update.status, update.stdout]).toEqual([
      0,
      expect.stringMatching(/^installing\n[\s\S]*Update successful\n$/m),
    ]);
    expect(update.stderr).toContain('admind: 100%');
    expect(await adminCurl('GET', '/version')).toMatchObject({ stdout: '{"version":"1.1.0"}\n' });

    const again = await adminCurl('--wait', 'POST', '/update', '-F', `update=@${good}`);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('E1001: software update package v1.1.0 already up-to-date.');
    expect(again.stdout).not.toContain('installing');
  });
});
