import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, rm, stat, symlink, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { download } from '../support/download.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

const LOG = 'opt/jidoteki/tinyadmin/log';

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon();
});
afterEach(() => appliance.stop());

const list = (text: string) => appliance.write(appliance.paths.logsList, text);
const put = (path: string, content = 'content\n') => appliance.write(join(appliance.root, path), content);
const get = () => download(appliance.signed('GET', '/logs'));
const log = () => appliance.read(appliance.paths.logsLog);

/** The members of an archive, but for those of the log directory, as GNU tar sees them. */
function membersOf(bytes: Buffer): readonly string[] {
  const text = execFileSync('tar', ['-tzf', '-'], { input: bytes, encoding: 'utf8' });
  return text.split('\n').filter((member) => member !== '' && !member.startsWith(LOG));
}

const contentOf = (bytes: Buffer, member: string) =>
  execFileSync('tar', ['-xzOf', '-', member], { input: bytes, maxBuffer: 1e9 });

async function collected(): Promise<readonly string[]> {
  const { status, bytes } = await get();
  expect(status).toBe(200);
  return membersOf(bytes);
}

test('should download the logs as an archive, and say so in log, status and audit', async () => {
  await list('/var/log/syslog\n');
  await put('var/log/syslog', 'hello\n');
  const { status, headers, bytes } = await get();
  expect([
    status,
    headers['content-type'],
    headers['content-disposition'],
    headers['content-length'],
  ]).toEqual([200, 'application/octet-stream', 'attachment; filename="logs.tar.gz"', String(bytes.length)]);
  expect(contentOf(bytes, 'var/log/syslog').toString()).toBe('hello\n');
  expect(contentOf(bytes, `${LOG}/update_logs.log`).toString()).toMatch(
    /^\[\d+\]\[SYSTEM\] Generating compressed logs\.tar\.gz\. Please wait\.\.\n$/,
  );
  expect(await log()).toMatch(
    /^\[\d+\]\[SYSTEM\] Generating compressed logs\.tar\.gz\. Please wait\.\.\n\[\d+\]\[SYSTEM\] Generated logs successful\n$/,
  );
  const { paths } = appliance;
  expect(await appliance.read(paths.logsStatus)).toBe('success\n');
  expect(await appliance.read(paths.auditLog)).toMatch(
    /,web,admin,logs\.get,"logs\.tar\.gz",127\.0\.0\.1\n$/,
  );
  expect((await stat(paths.logsArchive)).mode & 0o777).toBe(0o640);
  expect(await readdir(paths.uploads)).toEqual(['logs.tar.gz']);
});

test.each([
  ['a pattern', '/var/log/*.log', ['var/log/a.log', 'var/log/b c.log']],
  ['a question mark and a class', '/var/log/?.l[!x]g', ['var/log/a.log']],
  ['a pattern for directories', '/var/*/a.log', ['var/log/a.log']],
  [
    'several words in a line, Windows line ends',
    ' /var/log/a.log\t/etc/hosts\r\n\r\n/etc/motd\r\n',
    ['var/log/a.log', 'etc/hosts'],
  ],
  [
    'missing files and patterns without a match',
    '/none /var/log/*.gz /var/log/a.log /none/*/x',
    ['var/log/a.log'],
  ],
  [
    'a path that is named twice',
    '/var/log/a.log /var/log/*.log //var/log/../log/a.log',
    ['var/log/a.log', 'var/log/b c.log'],
  ],
  ['a directory', '/var', ['var/', 'var/log/', 'var/log/.hidden', 'var/log/a.log', 'var/log/b c.log']],
  ['nothing', '', []],
  ['shell code', '$(touch${IFS}/tmp/pwned) `id` ;reboot', []],
])('should collect %s', async (_what, text, members) => {
  await put('var/log/a.log');
  await put('var/log/b c.log');
  await put('var/log/.hidden');
  await put('etc/hosts');
  await list(text);
  expect(await collected()).toEqual(members);
});

test('should keep a link as a link, and read nothing outside the root', async () => {
  const { root } = appliance;
  await put('var/log/real.log');
  await symlink('real.log', join(root, 'var/log/current'));
  await symlink('/etc', join(root, 'var/outside'));
  await list('/var/log/current /var/outside/passwd /var/outside/ /../../etc/passwd');
  const { bytes } = await get();
  expect(membersOf(bytes)).toEqual(['var/log/current']);
  expect(execFileSync('tar', ['-tvzf', '-', 'var/log/current'], { input: bytes, encoding: 'utf8' })).toMatch(
    /^l.* var\/log\/current -> real\.log\n$/,
  );
});

test('should leave out secrets and the archives themselves, whatever names them', async () => {
  const { paths, root } = appliance;
  await put('usr/local/etc/pki/tls/private/enterprise.key', 'SECRET');
  await appliance.write(paths.apiTokenSetup, '');
  await appliance.write(paths.storageConf, 'password="SECRET"\n');
  await appliance.write(paths.version, '1.0.0\n');
  await symlink(paths.etc, join(root, 'alias'));
  await list(
    '/opt/jidoteki/tinyadmin/etc /opt/jidoteki/tinyadmin/home /usr/local/etc/pki/tls/*/*.key /alias/*token* /usr/local/etc/storage.conf',
  );
  await get();
  const members = await collected();
  expect(members).toContain('opt/jidoteki/tinyadmin/etc/version.txt');
  expect(members.filter((member) => /token|key$|enterprise\.pem|storage\.conf|\.tar/.test(member))).toEqual(
    [],
  );
});

test('should leave out what is staged for a secret or kept of it, and what was handed in, whatever names it', async () => {
  const { paths, root } = appliance;
  const secrets = [
    `${paths.etc}/.api.token.0123456789abcdef0123456789ab.new`,
    `${dirname(paths.tlsPrivateKey)}/.enterprise.key.0123456789ab.old`,
    `${dirname(paths.tlsBundle)}/.enterprise.pem.0123456789ab.old`,
    `${paths.taken}/appliance.key`,
    `${paths.incoming}/.upload-1-1-0-0/private`,
    `${paths.provisionDirectory}/10-token.txt`,
    join(paths.uploads, 'api.token'),
  ];
  for (const file of secrets) await appliance.write(file, 'SECRET');
  const kept = `${paths.etc}/.version.txt.0123456789abcdef0123456789ab.new`;
  await appliance.write(kept, '1.0.0\n');
  await list(
    `/opt/jidoteki/tinyadmin/etc /opt/jidoteki/tinyadmin/home /usr/local/etc ${paths.taken.slice(root.length)}/* ${paths.incoming.slice(root.length)}/.*/*`,
  );
  const members = new Set(await collected());
  expect(members).toContain(kept.slice(root.length + 1));
  expect(secrets.filter((file) => members.has(file.slice(root.length + 1)))).toEqual([]);
});

test('should not wait for what is no file, and keep long and foreign names', async () => {
  const { root } = appliance;
  const long = `var/log/${'d'.repeat(120)}/${'f'.repeat(150)}.log`;
  await put(long, 'long\n');
  await put('var/log/grüße.log', 'foreign\n');
  execFileSync('mkfifo', [join(root, 'var/log/fifo')]);
  await list('/var/log');
  const { bytes } = await get();
  expect(contentOf(bytes, long).toString()).toBe('long\n');
  expect(membersOf(bytes)).toHaveLength(4);
});

test('should not tear the archive when logs grow, shrink, rotate and vanish while they are read', async () => {
  await list('/var/log/*');
  const files = Array.from({ length: 40 }, (_, index) => join(appliance.root, `var/log/${index}.log`));
  const fill = Buffer.alloc(300_000, 'line\n');
  for (const file of files) await appliance.write(file, fill.toString());
  const rotation = new AbortController();
  const rotate = (async () => {
    for (let round = 0; !rotation.signal.aborted; round += 1) {
      const file = files[round % files.length] ?? '';
      if (round % 3 === 0) await truncate(file, 0).catch(() => undefined);
      if (round % 3 === 1) await rm(file, { force: true });
      else await appendFile(file, fill);
    }
  })();
  try {
    for (let round = 0; round < 3; round += 1) {
      const { status, bytes } = await get();
      expect(status).toBe(200);
      expect(() => execFileSync('tar', ['-xzOf', '-'], { input: bytes, maxBuffer: 1e9 })).not.toThrow();
    }
  } finally {
    rotation.abort();
    await rotate;
  }
});

test('should send the whole of an archive that is not the one of which a part was received', async () => {
  await list('/none');
  const { status, headers, bytes } = await download(
    appliance.signed('GET', '/logs').set('Range', 'bytes=100-'),
  );
  expect([status, headers['accept-ranges'], headers['content-range']]).toEqual([200, undefined, undefined]);
  expect(bytes).toHaveLength((await stat(appliance.paths.logsArchive)).size);
});

test('should give everyone who asks at the same time a whole archive, of few builds', async () => {
  await list('/var/log/big');
  await put('var/log/big', Buffer.alloc(3_000_000, 'some log line\n').toString());
  const answers = await Promise.all(Array.from({ length: 8 }, get));
  for (const { status, bytes } of answers) {
    expect(status).toBe(200);
    expect(gunzipSync(bytes).subarray(-1024).equals(Buffer.alloc(1024))).toBe(true);
    expect(membersOf(bytes)).toEqual(['var/log/big']);
  }
  expect((await log()).match(/Generated logs successful/g)?.length).toBeLessThan(8);
});

test('should send a whole archive although the next build replaces it meanwhile', async () => {
  const file = join(appliance.root, 'var/log/big');
  await list('/var/log/big');
  await mkdir(join(appliance.root, 'var/log'), { recursive: true });
  execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=1M', 'count=8', 'status=none']);
  const slow = appliance.signed('GET', '/logs').buffer(false);
  const chunks: Buffer[] = [];
  const first = new Promise<Buffer>((resolve, reject) => {
    slow.parse((stream, _done) => {
      const body = stream as unknown as NodeJS.ReadableStream;
      body.pause();
      body.on('data', (chunk: Buffer) => chunks.push(chunk));
      body.on('end', () => resolve(Buffer.concat(chunks)));
      body.on('error', reject);
      void get().then(() => body.resume(), reject);
    });
    slow.end(() => undefined);
  });
  const bytes = await first;
  expect(membersOf(bytes)).toEqual(['var/log/big']);
  expect(contentOf(bytes, 'var/log/big')).toHaveLength(8 * 1024 * 1024);
});

test('should 404 without logs.txt, and say why in the log', async () => {
  const { status, bytes } = await get();
  expect([status, bytes.toString()]).toEqual([404, '{"Status":"404 Not Found"}']);
  expect(await log()).toMatch(
    /^.*Generating compressed logs\.tar\.gz\. Please wait\.\.\n.*logs\.txt is missing\n.*Invalid or missing log file\n$/,
  );
  expect(await appliance.read(appliance.paths.logsStatus)).toBe('failed\n');
  expect(existsSync(appliance.paths.auditLog)).toBe(false);
});

test('should 400 with the reason when logs.txt is no file, and keep the last archive', async () => {
  const { paths } = appliance;
  await list('/none');
  await get();
  const before = await stat(paths.logsArchive);
  await rm(paths.logsList);
  await mkdir(paths.logsList);
  const { status, bytes } = await get();
  expect([status, bytes.toString()]).toEqual([
    400,
    '{"Status":"400 Bad Request","Error-Message":"logs.txt is not a regular file"}',
  ]);
  expect((await stat(paths.logsArchive)).ino).toBe(before.ino);
});

test('should 400 when logs.txt is larger than any list', async () => {
  await appliance.write(appliance.paths.logsList, '\n'.repeat(2 ** 20 + 1));
  const { status, bytes } = await get();
  expect([status, bytes.toString()]).toEqual([
    400,
    '{"Status":"400 Bad Request","Error-Message":"logs.txt is larger than 1048576 bytes"}',
  ]);
});

testWithMount('should 400 when the disk is full, and leave nothing behind', async () => {
  const { uploads } = appliance.paths;
  const unmount = mountTmpfs(uploads, '256k');
  try {
    await list('/var/log/big');
    await mkdir(join(appliance.root, 'var/log'), { recursive: true });
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${join(appliance.root, 'var/log/big')}`,
      'bs=1M',
      'count=1',
      'status=none',
    ]);
    const { status, bytes } = await get();
    expect([status, bytes.toString()]).toEqual([400, expect.stringContaining('Not enough disk space')]);
    expect(await readdir(uploads)).toEqual([]);
  } finally {
    unmount();
  }
});

test('should refuse HEAD and POST, and make nothing', async () => {
  await list('/none');
  const head = await appliance.signed('HEAD', '/logs');
  const post = await appliance.signed('POST', '/logs');
  expect([head.status, head.headers['error-message'], post.status]).toEqual([
    400,
    'Invalid authentication method. Expected GET',
    400,
  ]);
  expect(existsSync(appliance.paths.logsLog)).toBe(false);
});

test('should take only a signed request', async () => {
  expect((await appliance.call('GET', '/logs')).status).toBe(403);
  expect(existsSync(appliance.paths.logsLog)).toBe(false);
});
