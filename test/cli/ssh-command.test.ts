import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { sftpUploads } from '../../src/config/paths.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { writeScript } from '../support/script-file.js';
import { testWithMount } from '../support/test-with-mount.js';
import { makePackage } from '../support/update-package.js';
import { admind } from './command-line.js';

const STATIC =
  '{"interface":"eth0","hostname":"test.host","ip_address":"10.0.0.2","netmask":"/24","gateway":"10.0.0.1"}';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

const ssh = (command: string, ...args: string[]) =>
  admind(['ssh-command', '--root', appliance.root, ...args], {
    SSH_ORIGINAL_COMMAND: command,
    SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22',
  });
const uploads = () => sftpUploads(appliance.paths);
const audit = () => appliance.read(appliance.paths.auditLog).catch(() => '');
const installScript = (name: string, body: string) => writeScript(join(appliance.paths.bin, name), body);
const offer = async (name: string, version: string) => {
  const files = { 'version.txt': `${version}\n`, 'update.sh': 'cp version.txt "$JIDO_ADMIN_PATH/etc/"\n' };
  await copyFile(await makePackage(appliance, files), join(appliance.paths.uploads, name));
};

test('update installs the highest version, shows its log, takes the package away and is audited', async () => {
  for (const version of ['1.9.0', '1.10.0', '1.2.0']) await offer(`software_package-${version}.enc`, version);
  await writeFile(join(appliance.paths.uploads, 'other.enc'), 'kept');
  const { status, stdout, stderr } = await ssh('update');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^\[\d+\]\[SYSTEM\] Updating system\. Please wait\.\.\n[^]*Update successful\n$/);
  expect(await appliance.read(appliance.paths.version)).toBe('1.10.0\n');
  expect((await readdir(appliance.paths.uploads)).sort()).toEqual([
    'other.enc',
    'software_package-1.2.0.enc',
    'software_package-1.9.0.enc',
  ]);
  expect(await audit()).toMatch(/^\d+\.\d{9},[0-9a-f]{16},ssh,admin,update\.post,"",192\.0\.2\.7\n$/);
});

test.each([
  ['a line', '192.0.2.7\n1.0,0123456789abcdef,web,admin,update.post,"",192.0.2.9 1 2 3'],
  ['a field', '192.0.2.7,more 1 2 3'],
  ['nothing', ''],
])(
  'SSH_CONNECTION with %s instead of an address adds one line without an address to the audit log',
  async (_what, connection) => {
    await writeFile(uploads().apiToken, 'new-token\n');
    const { status } = await admind(['ssh-command', '--root', appliance.root], {
      SSH_ORIGINAL_COMMAND: 'token',
      SSH_CONNECTION: connection,
    });
    expect(status).toBe(0);
    expect(await audit()).toMatch(
      /^\d+\.\d{9},[0-9a-f]{16},ssh,admin,token\.update\.success,"api\/v1\/admin\/setup"\n$/,
    );
  },
);

test('what is asked for is done and audited to its end although the administrator hangs up', async () => {
  await writeFile(uploads().apiToken, 'new-token\n');
  const child = spawn(process.execPath, [resolve('dist/cli.js'), 'ssh-command', '--root', appliance.root], {
    env: { PATH: process.env.PATH, SSH_ORIGINAL_COMMAND: 'token' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  child.stdout.destroy();
  await poll('the token is there', async () => (await readTextFile(appliance.paths.apiToken)) !== undefined);
  child.kill('SIGHUP');
  expect(await exited).toEqual([0, null]);
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect(await audit()).toContain(',ssh,admin,token.update.success,');
});

test("a package that bears the job's own name is installed, too", async () => {
  await offer('software_package-zzz.enc', '2.0.0');
  expect((await ssh('update')).status).toBe(0);
  expect(await appliance.read(appliance.paths.version)).toBe('2.0.0\n');
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
});

test('update without a package fails as the API does, with status 1', async () => {
  const { status, stdout } = await ssh('update');
  expect(status).toBe(1);
  expect(stdout).toMatch(/Missing update package\n/);
  expect(await appliance.read(appliance.paths.updateErrorCode)).toBe('E1003\n');
});

test('only what is new in a log is shown', async () => {
  await appliance.write(appliance.paths.updateLog, 'an earlier line\n');
  expect((await ssh('update')).stdout).not.toContain('an earlier line');
});

test('logs and debug make their files where SFTP fetches them, and are audited as over the API', async () => {
  const { paths } = appliance;
  expect((await ssh('logs')).stdout).toMatch(/logs\.txt is missing\n.*Invalid or missing log file\n$/);
  await appliance.write(paths.logsList, '');
  await appliance.write(paths.debugList, 'echo one\n');
  const [logs, debug] = [await ssh('logs'), await ssh('debug')];
  expect([logs.status, debug.status]).toEqual([0, 0]);
  expect(logs.stdout).toMatch(/Generated logs successful\n$/);
  expect(debug.stdout).toMatch(/Creating debug\/debug-1\.log\n.*Generated debug bundle successful\n$/);
  expect((await readdir(paths.uploads)).sort()).toEqual(['debug-bundle.tar', 'logs.tar.gz']);
  expect(await audit()).toMatch(
    /,ssh,admin,logs\.get,"logs\.tar\.gz",192\.0\.2\.7\n.*,ssh,admin,debug\.get,"debug-bundle\.tar",192\.0\.2\.7\n$/,
  );
});

test('version and changelog are printed; status 1 and a line where there are none', async () => {
  expect(await ssh('version')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'admind: no version on this appliance\n',
  });
  await appliance.write(appliance.paths.version, '1.2.3\n');
  await appliance.write(appliance.paths.changelog, '# Changelog\n');
  expect((await ssh('version')).stdout).toBe('1.2.3\n');
  expect((await ssh('changelog')).stdout).toBe('# Changelog\n');
});

describe('settings', () => {
  beforeEach(() => installScript('network.sh', 'echo "$1" > "$JIDO_ADMIN_PATH/log/mode"'));
  const stored = async () => [
    await appliance.read(appliance.paths.networkJson),
    await appliance.read(appliance.paths.appJson),
  ];

  test('network.json and app.json, with the mode as argument', async () => {
    await writeFile(uploads().networkJson, STATIC);
    await writeFile(uploads().appJson, '{"a":1}');
    const { status, stdout } = await ssh('settings', 'static');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/Updating settings successful\n$/)]);
    expect(await appliance.read(join(appliance.paths.log, 'mode'))).toBe('static\n');
    expect(await stored()).toEqual([`{"mode":"static",${STATIC.slice(1)}\n`, '{"a":1}\n']);
    expect(await readdir(appliance.paths.uploads)).toEqual([]);
    expect(await audit()).toContain(',ssh,admin,settings.post,"static",192.0.2.7');
  });

  test('what is not uploaded stays', async () => {
    await writeFile(uploads().networkJson, STATIC);
    await writeFile(uploads().appJson, '{"a":1}');
    await ssh('settings');
    await writeFile(uploads().appJson, '{"a":2}');
    expect((await ssh('settings static')).status).toBe(0);
    expect(await stored()).toEqual([`{"mode":"static",${STATIC.slice(1)}\n`, '{"a":2}\n']);
  });

  test('network.conf alone', async () => {
    await writeFile(
      uploads().networkConf,
      'mode=static\ninterface=eth0\nip=10.0.0.2\nsubnet=/24\nrouter=10.0.0.1\ndns="1.1.1.1 8.8.8.8"\n' +
        'hostname="test.host"\nntpserver="pool.ntp.org"\n',
    );
    expect((await ssh('settings static')).status).toBe(0);
    expect(JSON.parse((await stored())[0] ?? '')).toEqual({
      mode: 'static',
      ...(JSON.parse(STATIC) as object),
      dns1: '1.1.1.1',
      dns2: '8.8.8.8',
      ntpserver: 'pool.ntp.org',
    });
  });

  test.each([
    ['settings dhcp', STATIC, /^admind: The uploaded settings are static, not dhcp\n$/],
    ['settings', '{', /^admind: Invalid network\.json\. It is not valid JSON/],
    [
      'settings',
      '{"interface":"!"}',
      /^admind: Missing or invalid string for option: interface\. Allowed: 0123/,
    ],
  ])('%s with %j is refused, and the upload stays', async (command, network, message) => {
    await writeFile(uploads().networkJson, network);
    const { status, stderr } = await ssh(command);
    expect([status, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(await readdir(appliance.paths.uploads)).toEqual(['network.json']);
  });

  test.each(['network.json', 'network.conf', 'app.json'])(
    '%s larger than settings may be is refused',
    async (name) => {
      await writeFile(join(appliance.paths.uploads, name), `hostname="${'x'.repeat(15_000_000)}"\n`);
      const { status, stderr } = await ssh('settings');
      expect([status, stderr]).toEqual([1, `admind: Invalid ${name}. Allowed: at most 1048576 bytes\n`]);
    },
  );

  // It is within the limit, and still long for a regular expression.
  test('a value that nearly fills network.conf is refused as any other', async () => {
    await writeFile(uploads().networkConf, `interface=eth0\nhostname="${'x'.repeat(2 ** 20 - 1000)}"\n`);
    const { status, stderr } = await ssh('settings');
    expect(status).toBe(1);
    expect(stderr).toBe('admind: Invalid string length for option: hostname. Allowed: >= 3 and <= 255\n');
  });

  test('nothing uploaded: the job fails and says so', async () => {
    const { status, stdout } = await ssh('settings');
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/There is no settings file\n.*Invalid or missing settings file\n$/),
    ]);
  });
});

test.each([
  ['storage.json', '{"storage":{"type":"local"}}', '{"storage":{"type":"local"}}\n'],
  ['storage.json', '{"type":"local"}', '{"storage":{"type":"local"}}\n'],
  [
    'storage.conf',
    'type="iscsi"\ntarget="iqn.1"\nip="10.0.0.1"\nusername="user"\npassword="a\\"\\\\\\$\\`b$c"\n',
    `${JSON.stringify({ storage: { type: 'iscsi', target: 'iqn.1', ip: '10.0.0.1', username: 'user', password: 'a"\\$`b$c' } })}\n`,
  ],
])('storage: %s with %j', async (name, content, stored) => {
  await installScript('storage.sh', 'exit 0');
  await writeFile(join(appliance.paths.uploads, name), content);
  expect((await ssh('storage')).status).toBe(0);
  expect(await appliance.read(appliance.paths.storageJson)).toBe(stored);
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
});

test('storage: what is not allowed is refused, and nothing uploaded fails', async () => {
  expect((await ssh('storage')).status).toBe(1);
  await writeFile(uploads().storageJson, '{"type":"zfs"}');
  expect((await ssh('storage')).stderr).toBe(
    'admind: Invalid option: type. Allowed: local, nfs, aoe, iscsi, nbd\n',
  );
});

test.each(['storage.json', 'storage.conf'])('%s larger than settings may be is refused', async (name) => {
  await writeFile(join(appliance.paths.uploads, name), `type="${'x'.repeat(15_000_000)}"\n`);
  const { status, stderr } = await ssh('storage');
  expect([status, stderr]).toEqual([1, `admind: Invalid ${name}. Allowed: at most 1048576 bytes\n`]);
});

testWithMount(
  'token: an upload that cannot be removed makes no failure of a change, which is audited',
  async () => {
    const { apiToken } = uploads();
    await writeFile(apiToken, 'new-token\n');
    execFileSync('mount', ['--bind', apiToken, apiToken]);
    try {
      const { status, stderr } = await ssh('token');
      expect([status, stderr]).toEqual([0, expect.stringContaining('an upload could not be removed')]);
      expect(await audit()).toContain(',ssh,admin,token.update.success,');
    } finally {
      execFileSync('umount', [apiToken]);
    }
  },
);

test('token: the first line of api.token; it is in no output', async () => {
  await writeFile(uploads().apiToken, 'new-token\r\nmore\n');
  const { status, stdout } = await ssh('token');
  expect([status, stdout]).toEqual([0, expect.stringMatching(/Updating API token successful\n$/)]);
  expect(stdout).not.toContain('new-token');
  expect(await appliance.read(appliance.paths.apiToken)).toBe('new-token\n');
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect(await audit()).toContain(',ssh,admin,token.update.success,"api/v1/admin/setup",192.0.2.7');
  expect((await ssh('token')).stderr).toMatch(/^admind: Missing .*api\.token\n$/);
});

test('license: what the vendor reads is kept and printed, what it cannot read is not', async () => {
  await installScript('license.sh', 'exec cat "$JIDO_ADMIN_PATH/etc/license.asc"');
  await writeFile(uploads().license, '{"name":"first"}');
  const accepted = await ssh('license');
  expect([accepted.status, accepted.stdout]).toEqual([
    0,
    expect.stringMatching(/Updating license successful\n\{"name":"first"\}\n$/),
  ]);
  await writeFile(uploads().license, 'garbage');
  const { status, stdout } = await ssh('license');
  expect([status, stdout]).toEqual([1, expect.stringMatching(/Invalid or missing license file\n$/)]);
  expect(await appliance.read(appliance.paths.license)).toBe('{"name":"first"}');
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect((await audit()).match(/license\.post/g)).toHaveLength(1);
});

test('certs without files fails as the API does', async () => {
  const { status, stdout } = await ssh('certs');
  expect([status, stdout]).toEqual([1, expect.stringMatching(/Invalid or missing TLS certificate files\n$/)]);
});

test('services are printed as the API answers', async () => {
  await writeScript(join(appliance.root, 'usr/local/etc/init.d/jidoteki-admin-api'), 'echo it is running');
  expect((await ssh('services')).stdout).toBe('{"services":[{"jidoteki-admin-api":"running"}]}\n');
});

test('reboot shows its log and reboots', async () => {
  const { status, stdout } = await ssh('reboot');
  expect([status, stdout]).toEqual([
    0,
    expect.stringMatching(/Rebooting\. Please wait\.\.\n[^]*Reboot started\n$/),
  ]);
  expect(await appliance.read(join(appliance.paths.data, 'reboot.state'))).toMatch(/reboot\n$/);
});

test('backup: START makes the archive, RESTORE takes one, STOP deletes', async () => {
  const { backupList, backupArchive, data } = appliance.paths;
  await appliance.write(backupList, 'app\n');
  await appliance.write(join(data, 'app/file'), 'old');
  const started = await ssh('backup START');
  expect([started.status, started.stdout]).toEqual([0, expect.stringMatching(/Backup complete\n$/)]);
  await copyFile(backupArchive, uploads().backupArchive);
  await writeFile(join(data, 'app/file'), 'new');
  const restored = await ssh('backup', 'restore');
  expect([restored.status, restored.stdout]).toEqual([0, expect.stringMatching(/Restore complete\n$/)]);
  expect(await appliance.read(join(data, 'app/file'))).toBe('old');
  expect((await ssh('backup stop')).stdout).toMatch(/Deleting backup archive\n$/);
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect((await audit()).match(/,ssh,.*/g)?.map((line) => line.split(',').slice(3, 5).join())).toEqual([
    'backup.post,"START"',
    'backup.restore,"backup-archive.tar"',
    'backup.post,"STOP"',
  ]);
  expect(await ssh('backup')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/wrong argument\. Usage: backup START\|STOP\|RESTORE\n/) as string,
  });
});

test.each(['logs', 'debug'] as const)(
  '%s: made for SFTP, or status 1 where the vendor has no list',
  async (name) => {
    const { logsList, debugList, logsArchive, debugBundle } = appliance.paths;
    expect((await ssh(name)).status).toBe(1);
    await appliance.write(logsList, '/var/log/none');
    await appliance.write(debugList, 'date\n');
    const { status, stdout } = await ssh(name);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/successful\n$/)]);
    const archive = name === 'logs' ? logsArchive : debugBundle;
    expect(await readdir(appliance.paths.uploads)).toEqual([basename(archive)]);
    expect(await audit()).toContain(`,ssh,admin,${name}.get,"${basename(archive)}"`);
  },
);

test('a link in the uploads is not followed', async () => {
  await symlink('/etc/hostname', uploads().apiToken);
  expect(await ssh('token')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/not a regular file/) as string,
  });
});

test.each([
  ['', /^admind: SSH_ORIGINAL_COMMAND names no command\. Allowed: update, version, /],
  ['sh -c id', /^admind: unknown command "sh"\. Allowed: /],
  ['constructor', /^admind: unknown command "constructor"/],
  ['version now', /^admind: wrong argument\. Usage: version\n/],
  ['settings wifi', /^admind: wrong argument\. Usage: settings \[static\|dhcp\]\n/],
  ['settings static dhcp', /^admind: wrong argument/],
])('should refuse %j with status 2', async (command, message) => {
  const { status, stderr } = await ssh(command);
  expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
});

describe('beside the daemon', () => {
  let daemon: TestDaemon;
  beforeEach(async () => {
    daemon = await startTestDaemon({
      prepare: ({ write, paths }) => write(paths.endpointConfiguration, '{"endpoints":["settings"]}'),
    });
  });
  afterEach(() => daemon.stop());
  const WAIT = 'while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.02; done\n';
  const overSsh = (command: string) =>
    admind(['ssh-command', '--root', daemon.root], { SSH_ORIGINAL_COMMAND: command });
  const send = async () =>
    daemon.signed('POST', '/update').attach('update', await makePackage(daemon, { 'update.sh': WAIT }));
  const letGo = () => writeFile(join(daemon.paths.log, 'go'), '');
  const status = async () => ((await daemon.signed('GET', '/update')).body as { status: string }).status;

  test('the same job over SSH is refused while the API runs it, and what was uploaded stays', async () => {
    expect((await send()).status).toBe(202);
    await writeFile(join(daemon.paths.uploads, 'software_package-1.0.0.enc'), 'x');
    await writeFile(sftpUploads(daemon.paths).networkJson, STATIC);
    expect(await overSsh('update')).toMatchObject({
      status: 1,
      stderr: 'admind: Update is already running\n',
    });
    expect((await overSsh('settings')).stderr).toBe('admind: Settings cannot start while update runs\n');
    await letGo();
    await poll('the update ends', async () => (await status()) === 'success');
    expect((await readdir(daemon.paths.uploads)).sort()).toEqual([
      'network.json',
      'software_package-1.0.0.enc',
    ]);
  });

  test('the API refuses what runs over SSH, and shows its status', async () => {
    const package1 = await makePackage(daemon, { 'update.sh': WAIT });
    await copyFile(package1, join(daemon.paths.uploads, 'software_package-1.0.0.enc'));
    const running = overSsh('update');
    await poll('the update runs', async () => (await status()) === 'running');
    expect((await send()).body).toMatchObject({ 'Error-Message': 'Update is already running' });
    await letGo();
    expect((await running).status).toBe(0);
    expect(await status()).toBe('success');
  });
});
