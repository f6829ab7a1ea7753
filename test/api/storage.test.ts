import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { writeScript } from '../support/script-file.js';
import { ISCSI, NFS } from '../support/storage-settings.js';

/** Every character that a password may hold, those with a meaning to a shell first. */
const HOSTILE =
  `"\\$\`$(id)\${HOME}\\"'` + String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 33 + index));

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({
    prepare: ({ write, paths }) => write(paths.endpointConfiguration, '{"endpoints":["storage"]}'),
  });
  await installStorageScript('echo "applied $#" >> "$JIDO_ADMIN_PATH/log/applied"');
});
afterEach(() => appliance.stop());

const installStorageScript = (body: string) => writeScript(join(appliance.paths.bin, 'storage.sh'), body);
const send = (storage: unknown) =>
  appliance.signed('POST', '/storage').attach('settings', Buffer.from(JSON.stringify({ storage })), 's');
const change = async (storage: unknown) => {
  const { status, text } = await send(storage);
  expect([status, text]).toEqual([202, '{"Status":"202 Accepted","Location":"/api/v1/admin/storage"}']);
  return ended();
};
const ended = () =>
  poll('the storage job ends', async () => {
    const state = (await appliance.read(appliance.paths.storageStatus)).trim();
    return state !== 'running' && state;
  });
const conf = () => appliance.read(appliance.paths.storageConf);
const get = () => appliance.signed('GET', '/storage');

test.each([
  [{ type: 'local' }, 'type="local"\n'],
  [NFS, 'type="nfs"\nmount_options="noacl,sync"\nip="192.168.1.100"\nshare="/nfs/storage"\n'],
  [{ device: 'e0.1', type: 'aoe' }, 'device="e0.1"\ntype="aoe"\n'],
  [
    { type: 'nbd', port: '10809', ip: '::1', export_name: '/export' },
    'type="nbd"\nport="10809"\nip="::1"\nexport_name="/export"\n',
  ],
])('should store %j: both files in the order sent, and storage.sh has run', async (storage, expected) => {
  expect(await change(storage)).toBe('success');
  const { storageJson, storageConf, log, storageLog, auditLog } = appliance.paths;
  expect([await appliance.read(storageJson), await conf()]).toEqual([
    `${JSON.stringify({ storage })}\n`,
    expected,
  ]);
  for (const file of [storageJson, storageConf]) expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await appliance.read(join(log, 'applied'))).toBe('applied 0\n');
  expect(await appliance.read(storageLog)).toMatch(
    /^\[\d+\]\[SYSTEM\] Updating settings\. Please wait\.\.\n\[\d+\]\[SYSTEM\] Updating settings successful\n$/,
  );
  expect(await appliance.read(auditLog)).toMatch(/,web,admin,storage\.post,""/);
});

test('a shell that sources storage.conf gets whatever a password holds, and runs none of it', async () => {
  expect(await change({ ...ISCSI, username: HOSTILE, password: HOSTILE })).toBe('success');
  for (const shell of ['sh', 'bash']) {
    const print = '. "$1"; printf "%s\\n" "$type" "$target" "$ip" "$username" "$password"';
    const output = execFileSync(shell, ['-euc', print, shell, appliance.paths.storageConf], {
      encoding: 'utf8',
    });
    expect(output.split('\n')).toEqual(['iscsi', 'iqn.2012:storage', '192.168.1.100', HOSTILE, HOSTILE, '']);
  }
});

test('a refused password is nowhere on disk, the logs included', async () => {
  await installStorageScript('exit 1');
  expect(await change({ ...ISCSI, password: 'hidden-password' })).toBe('failed');
  const found = spawnSync('grep', ['-rl', 'hidden-password', appliance.root], { encoding: 'utf8' });
  expect([found.status, found.stdout]).toEqual([1, '']);
});

test('storage.sh fails: both previous files are back, it runs again, and the log says so', async () => {
  expect(await change({ type: 'local' })).toBe('success');
  const before = [await conf(), await appliance.read(appliance.paths.storageJson)];
  const applied = join(appliance.paths.log, 'applied');
  await installStorageScript(
    `. ${appliance.paths.storageConf}; echo "$type" >> ${applied}; [ "$type" = local ]`,
  );
  expect(await change(NFS)).toBe('failed');
  expect([await conf(), await appliance.read(appliance.paths.storageJson)]).toEqual(before);
  expect(await appliance.read(applied)).toBe('applied 0\nnfs\nlocal\n');
  expect(await appliance.read(appliance.paths.storageLog)).toMatch(
    /storage\.sh ended with status 1\n.* The previous state was put back\n.* Invalid or missing settings file\n$/,
  );
});

test('GET: 404 unless settings and options exist; options that cannot be read are local', async () => {
  expect(await change(NFS)).toBe('success');
  expect((await get()).status).toBe(404);
  const { storageOptions, storageJson } = appliance.paths;
  await appliance.write(storageOptions, '{"options":["local","nfs"]}');
  const shown = await get();
  expect([shown.status, shown.text]).toEqual([
    200,
    JSON.stringify({ storage: NFS, options: ['local', 'nfs'] }),
  ]);
  await appliance.write(storageOptions, '');
  expect((await get()).text).toBe(JSON.stringify({ storage: NFS, options: ['local'] }));
  await rm(storageOptions);
  await mkdir(storageOptions);
  expect((await get()).text).toBe(JSON.stringify({ storage: NFS, options: ['local'] }));
  const { status, headers } = await send(NFS);
  expect([status, headers['error-message']]).toEqual([400, 'Invalid option: type. Allowed: local']);
  const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  for (const broken of ['', '[]', '"text"', 'null', deep]) {
    await appliance.write(storageJson, broken);
    expect((await get()).status).toBe(404);
  }
});

test('should refuse a type that this appliance does not offer', async () => {
  await appliance.write(appliance.paths.storageOptions, '{"options":["nfs","local","other"]}');
  const { status, headers } = await send(ISCSI);
  expect([status, headers['error-message']]).toEqual([400, 'Invalid option: type. Allowed: local, nfs']);
  expect(await change(NFS)).toBe('success');
});

test('while it runs, nobody else may read what was sent', async () => {
  await installStorageScript('while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.02; done');
  expect((await send(ISCSI)).status).toBe(202);
  expect((await stat(appliance.paths.storageInput)).mode & 0o777).toBe(0o600);
  await writeFile(join(appliance.paths.log, 'go'), '');
  expect(await ended()).toBe('success');
});

test('a second change while one runs: refused', async () => {
  await installStorageScript('while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.02; done');
  expect((await send({ type: 'local' })).status).toBe(202);
  const { status, headers } = await send(NFS);
  expect([status, headers['error-message']]).toEqual([400, 'Storage is already running']);
  await writeFile(join(appliance.paths.log, 'go'), '');
  expect(await ended()).toBe('success');
});
