import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { poll } from '../support/poll.js';
import { pretendToRun } from '../support/running-job.js';
import { writeScript } from '../support/script-file.js';
import { createSelfSignedCertificate } from '../../src/system/certificate.js';
import { isLocked } from '../../src/system/lock.js';
import { admind } from './command-line.js';

const SETTINGS = (hostname: string) =>
  JSON.stringify({ network: { interface: 'eth0', hostname }, app: { name: 'app' } });

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
  await mkdir(directory(), { recursive: true });
  await writeScript(join(appliance.paths.bin, 'network.sh'), '');
});
afterEach(() => appliance.remove());

const directory = () => appliance.paths.provisionDirectory;
const provision = () => admind(['provision', '--root', appliance.root]);
const put = (name: string, content: string) => appliance.write(join(directory(), name), content);
const log = () => appliance.read(appliance.paths.provisionLog).catch(() => '');
const audit = () => appliance.read(appliance.paths.auditLog).catch(() => '');
const token = () => appliance.read(appliance.paths.apiToken);
const hostname = async () =>
  (JSON.parse(await appliance.read(appliance.paths.networkJson)) as { hostname?: string }).hostname;
const commandLine = (text: string) => appliance.write(join(appliance.root, 'proc/cmdline'), text);

test('nothing to do is done, and said to nobody', async () => {
  expect(await provision()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await log()).toBe('');
});

test('everything is applied in order, removed, logged and audited, and leaves no copy', async () => {
  const { key, certificate } = await createSelfSignedCertificate();
  const { paths } = appliance;
  await writeScript(join(paths.bin, 'storage.sh'), '');
  await writeScript(join(paths.bin, 'license.sh'), 'echo \'{"app":"x"}\'');
  await appliance.write(paths.storageOptions, '{"options":["local"]}');
  await put('50-certs/public.pem', certificate);
  await put('50-certs/private.pem', key);
  await put('10-token.txt', 'first-token\n');
  await put('9-license.asc', 'licence');
  await put('20-settings.json', SETTINGS('one.example'));
  await put('30-storage.json', '{"storage":{"type":"local"}}');
  const order = ['10-token.txt', '20-settings.json', '30-storage.json', '50-certs', '9-license.asc'];
  expect(await provision()).toEqual({
    status: 0,
    stderr: '',
    stdout: order.map((name) => `${name} was applied\n`).join(''),
  });
  expect(await token()).toBe('first-token\n');
  expect(await hostname()).toBe('one.example');
  expect(JSON.parse(await appliance.read(paths.storageJson))).toEqual({ storage: { type: 'local' } });
  expect(await appliance.read(paths.tlsBundle)).toContain(certificate.trim());
  expect(await appliance.read(paths.license)).toBe('licence');
  expect(await readdir(directory())).toEqual([]);
  expect([...(await readdir(paths.uploads)), ...(await readdir(paths.taken))]).toEqual([]);
  expect(await log()).toMatch(/^\[\d+\]\[SYSTEM\] 10-token\.txt was applied\n/);
  expect((await audit()).match(/provision,admin,.*/g)).toEqual([
    'provision,admin,token.update.success,"10-token.txt"',
    'provision,admin,settings.post,"20-settings.json"',
    'provision,admin,storage.post,"30-storage.json"',
    'provision,admin,certs.post,"50-certs"',
    'provision,admin,license.post,"9-license.asc"',
  ]);
  expect(await log()).not.toContain('first-token');
});

test('what has been applied is not applied again, but something new under its name is', async () => {
  await put('token.txt', 'one');
  await provision();
  await appliance.write(appliance.paths.apiToken, 'changed-by-the-administrator\n');
  await put('token.txt', 'one');
  expect(await provision()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await token()).toBe('changed-by-the-administrator\n');
  expect(await readdir(directory())).toEqual([]);
  await put('token.txt', 'two');
  await provision();
  expect(await token()).toBe('two\n');
});

test('a failure ends it with nothing changed, and the next run goes on from there', async () => {
  await put('10-settings.json', SETTINGS('one.example'));
  await put('20-settings.json', '{"network":{"interface":"eth0","hostname":"-"}}');
  await put('30-token.txt', 'never-yet');
  const failed = await provision();
  expect(failed).toMatchObject({ status: 1, stderr: '' });
  expect(failed.stdout).toMatch(
    /^10-settings\.json was applied\n20-settings\.json was not applied: .*hostname.*\nNot applied after that: 30-token\.txt\n$/,
  );
  expect(await hostname()).toBe('one.example');
  expect(existsSync(appliance.paths.apiToken)).toBe(false);
  expect((await readdir(directory())).sort()).toEqual(['20-settings.json', '30-token.txt']);
  await put('20-settings.json', SETTINGS('two.example'));
  expect((await provision()).status).toBe(0);
  expect([await hostname(), await token()]).toEqual(['two.example', 'never-yet\n']);
});

test("where the vendor's script fails the settings are the old ones, and it is tried again", async () => {
  await put('10-settings.json', SETTINGS('one.example'));
  await provision();
  const script = join(appliance.paths.bin, 'network.sh');
  await writeScript(script, 'exit 3');
  await put('10-settings.json', SETTINGS('two.example'));
  expect((await provision()).stdout).toMatch(/^10-settings\.json was not applied: .*network\.sh/);
  expect(await hostname()).toBe('one.example');
  await writeScript(script, '');
  expect((await provision()).stdout).toBe('10-settings.json was applied\n');
  expect(await hostname()).toBe('two.example');
});

test('what a removal that was cut off has left is removed', async () => {
  await put('.applied/public.pem', 'x');
  await put('token.txt', 'one');
  expect((await provision()).status).toBe(0);
  expect(await readdir(directory())).toEqual([]);
});

test('what could not be remembered is not applied', async () => {
  // Longer than a staged file's name may be.
  await put(`${'n'.repeat(240)}-token.txt`, 'one');
  expect((await provision()).stdout).toMatch(/ was not applied: ENAMETOOLONG/);
  expect(existsSync(appliance.paths.apiToken)).toBe(false);
  expect(await readdir(appliance.paths.provisioned)).toEqual([]);
});

test('certificates take the place of one that is broken', async () => {
  const { key, certificate } = await createSelfSignedCertificate();
  await appliance.write(appliance.paths.tlsBundle, 'broken');
  await put('certs/public.pem', certificate);
  await put('certs/private.pem', key);
  expect(await provision()).toEqual({ status: 0, stdout: 'certs was applied\n', stderr: '' });
  expect(await appliance.read(appliance.paths.tlsBundle)).toContain(certificate.trim());
});

test('what a job applied after its run was killed is not applied again', async () => {
  const { paths, root } = appliance;
  const [started, goOn] = [join(root, 'started'), join(root, 'go-on')];
  await writeScript(
    join(paths.bin, 'network.sh'),
    `: >${started}; until [ -e ${goOn} ]; do sleep 0.05; done`,
  );
  await put('settings.json', SETTINGS('one.example'));
  const child = spawn(process.execPath, ['dist/cli.js', 'provision', '--root', root], { stdio: 'ignore' });
  await poll('the script runs', () => Promise.resolve(existsSync(started)));
  child.kill('SIGKILL');
  await appliance.write(goOn, '');
  const status = () => appliance.read(paths.settingsStatus);
  await poll('the job ends', async () => (await status()).startsWith('success'));
  await poll('its lock is free', async () => !(await isLocked(join(paths.locks, 'settings'))));
  await appliance.write(paths.networkJson, JSON.stringify({ hostname: 'changed.example' }));
  expect((await provision()).stdout).toBe('settings.json was applied by a run that was cut off\n');
  expect(await hostname()).toBe('changed.example');
  expect(await readdir(directory())).toEqual([]);
});

test('where its lock cannot be taken it says so in one line', async () => {
  await appliance.write(join(appliance.paths.locks, 'provision'), '');
  expect(await provision()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^admind: nothing was applied: EEXIST.*\n$/) as string,
  });
});

test('while a job runs it is not applied', async () => {
  const end = await pretendToRun('settings', appliance.paths);
  await put('settings.json', SETTINGS('one.example'));
  expect((await provision()).stdout).toBe('settings.json was not applied: Settings is already running\n');
  await end();
  expect((await provision()).status).toBe(0);
});

describe('what is refused', () => {
  const refused = async (pattern: RegExp) => {
    const { status, stdout } = await provision();
    expect(status).toBe(1);
    expect(stdout).toMatch(pattern);
    expect(existsSync(appliance.paths.apiToken)).toBe(false);
  };

  test('an unknown name', async () => {
    await put('10-tokens.txt', 'x');
    await refused(
      /^10-tokens\.txt was not applied: "10-tokens\.txt" is no known item\. Allowed: token\.txt, /,
    );
  });

  test('a copy that an editor has kept', async () => {
    await put('10-token.bak', 'x');
    await refused(/^10-token\.bak was not applied: "10-token\.bak" is no known item\. /);
  });

  test.each([
    ['an empty token', '\n'],
    ['a token with a space', 'a b'],
    ['a token that is too long', 'x'.repeat(256)],
  ])('%s', async (_what, content) => {
    await put('token.txt', content);
    await refused(/^token\.txt was not applied: the token must be 1 to 255 printable ASCII characters/);
  });

  test('a link', async () => {
    await appliance.write(join(appliance.root, 'elsewhere'), 'token');
    await symlink(join(appliance.root, 'elsewhere'), join(directory(), 'token.txt'));
    await refused(/^token\.txt was not applied: token\.txt cannot be opened \(ELOOP\)/);
  });

  test('a directory', async () => {
    await mkdir(join(directory(), 'token.txt'));
    await refused(/token\.txt is no regular file/);
  });

  test('a file that others may write', async () => {
    await put('token.txt', 'x');
    await chmod(join(directory(), 'token.txt'), 0o666);
    await refused(/token\.txt can be written by others: chmod go-w/);
  });

  test('a directory that others may write', async () => {
    await put('token.txt', 'x');
    await chmod(directory(), 0o777);
    await refused(/provision\.d can be written by others/);
  });

  test('a link in the place of the directory', async () => {
    await put('token.txt', 'x');
    await rename(directory(), join(appliance.root, 'elsewhere'));
    await symlink(join(appliance.root, 'elsewhere'), directory());
    await refused(/provision\.d is no directory/);
  });

  test('a file of more than 1 MiB', async () => {
    await put('settings.json', ' '.repeat(1024 * 1024 + 1));
    await refused(/settings\.json is larger than 1048576 bytes/);
  });

  test.each([
    ['without a key', { 'public.pem': 'x' }, /certs\/private\.pem is missing/],
    [
      'with another file',
      { 'public.pem': 'x', 'private.pem': 'x', 'key.pem': 'x' },
      /certs holds "key\.pem"\. Allowed: /,
    ],
    ['that are none', { 'public.pem': 'x', 'private.pem': 'x' }, /certs was not applied: .*appliance\.pem/],
  ])('certificates %s', async (_what, files, message) => {
    for (const [name, content] of Object.entries(files)) await put(`certs/${name}`, content);
    await refused(message);
  });
});

test('hidden names are not looked at', async () => {
  await put('.token.txt.swp', 'x');
  expect(await provision()).toEqual({ status: 0, stdout: '', stderr: '' });
});

describe("the kernel's command line", () => {
  test('sets the token once', async () => {
    await commandLine('quiet admind.token=from-kernel ro\n');
    expect(await provision()).toEqual({ status: 0, stdout: 'admind.token was applied\n', stderr: '' });
    expect(await token()).toBe('from-kernel\n');
    await appliance.write(appliance.paths.apiToken, 'changed\n');
    expect(await provision()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await token()).toBe('changed\n');
    expect((await log()) + (await audit())).not.toContain('from-kernel');
  });

  test.each([
    ['the last one counts', 'admind.token=one admind.token=two', 'two'],
    ['a quoted word', '"admind.token=one"', 'one'],
    ['a quoted value', 'admind.token="one"', 'one'],
    ['an equals sign in it', 'admind.token=a=b', 'a=b'],
    ['quotes in another word', 'x="admind.token=no y" admind.token=one', 'one'],
  ])('%s', async (_what, text, expected) => {
    await commandLine(text);
    await provision();
    expect(await token()).toBe(`${expected}\n`);
  });

  test('a token with a space is refused whole', async () => {
    await commandLine('admind.token="a b"');
    expect((await provision()).stdout).toMatch(/^admind\.token was not applied: the token must be /);
    expect(existsSync(appliance.paths.apiToken)).toBe(false);
  });

  test('names a file, which stays', async () => {
    await appliance.write(join(appliance.root, 'media/token'), 'from-file\n');
    await commandLine('admind.token-file=/media/token');
    expect((await provision()).stdout).toBe('admind.token-file was applied\n');
    expect(await token()).toBe('from-file\n');
    expect(existsSync(join(appliance.root, 'media/token'))).toBe(true);
  });

  test('in a container the arguments of its first process count', async () => {
    await commandLine('admind.token=of-the-host');
    await appliance.write(join(appliance.root, 'run/systemd/container'), 'systemd-nspawn');
    await appliance.write(join(appliance.root, 'proc/1/cmdline'), '/sbin/init\0admind.token=of-mine\0');
    await provision();
    expect(await token()).toBe('of-mine\n');
  });

  test('a file that is missing is a failure', async () => {
    await commandLine('admind.token-file=/media/token');
    expect((await provision()).stdout).toMatch(
      /^the kernel command line was not applied: admind\.token-file=\/media\/token cannot be opened \(ENOENT\)\n/,
    );
  });
});

test('a first run that waits is over once a token is provisioned', async () => {
  await appliance.write(appliance.paths.endpointConfiguration, '{"first-run":{"enabled":true}}');
  await put('token.txt', 'mine');
  expect((await provision()).status).toBe(0);
  expect(await token()).toBe('mine\n');
  expect(await appliance.read(appliance.paths.apiTokenSetup)).toBe('');
});
