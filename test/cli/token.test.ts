import { join } from 'node:path';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { TOKEN } from '../support/appliance.js';
import { admind } from './command-line.js';

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon();
});
afterEach(() => appliance.stop());

const reset = (...args: readonly string[]) => admind(['token', 'reset', '--root', appliance.root, ...args]);
const versionWith = async (token: string) => (await appliance.call('GET', `/version?token=${token}`)).status;
const audit = () => appliance.read(appliance.paths.auditLog);

test('a passphrase takes the place of the token until a new one is set with it', async () => {
  await appliance.write(appliance.paths.version, '1.0.0\n');
  const { status, stdout, stderr } = await reset();
  expect([status, stderr]).toEqual([0, '']);
  const [, passphrase = ''] = /\n {2}(\S+-\S+-\S+-\S+)\n/.exec(stdout) ?? [];
  expect(await versionWith(TOKEN)).toBe(403);
  expect(await versionWith(passphrase)).toBe(403);
  const setUp = (token: string) => appliance.call('POST', `/setup?token=${token}`).field('newtoken', 'new');
  expect((await setUp(TOKEN)).status).toBe(403);
  expect((await setUp(passphrase)).status).toBe(200);
  expect(await versionWith('new')).toBe(200);
  expect(await audit()).toMatch(/,console,admin,token\.reset,"passphrase"\n/);
  expect((await audit()) + (await appliance.read(appliance.paths.tokenLog))).not.toContain(passphrase);
});

test('a token from a file takes its place at once', async () => {
  await appliance.write(appliance.paths.version, '1.0.0\n');
  const file = join(appliance.root, 'new-token');
  await appliance.write(file, 'from-file\nignored\n');
  expect(await reset('--token-file', file)).toEqual({
    status: 0,
    stdout: 'The API token was replaced\n',
    stderr: '',
  });
  expect([await versionWith(TOKEN), await versionWith('from-file')]).toEqual([403, 200]);
  expect(await audit()).toMatch(/,console,admin,token\.reset,"token"\n/);
});

test('what cannot be a token changes nothing', async () => {
  const file = join(appliance.root, 'new-token');
  await appliance.write(file, 'two words\n');
  expect(await reset('--token-file', file)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^admind: .* 1 to 255 printable ASCII characters, no spaces\n$/) as string,
  });
  expect(await reset('--token-file', join(appliance.root, 'absent'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('--token-file cannot be read') as string,
  });
  expect(await appliance.read(appliance.paths.apiToken)).toBe(`${TOKEN}\n`);
});

test('what it cannot do is a wrong usage', async () => {
  expect(await admind(['token', 'show'])).toMatchObject({
    status: 2,
    stderr: 'admind: say what to do. Allowed: reset\nTry admind --help\n',
  });
});
