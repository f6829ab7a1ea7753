import { existsSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateUpdateKeys } from '../../src/package/keys.js';
import { identify, isAlive } from '../../src/system/processes.js';
import { poll } from '../support/poll.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';
import { makePackage } from '../support/update-package.js';

interface UpdateStatus {
  status: string | null;
  percentage?: number;
  log: string | null;
  'error-message'?: string;
  'error-code'?: string;
}

let appliance: TestDaemon;
const start = async (settings: Readonly<Record<string, unknown>> = {}) => {
  appliance = await startTestDaemon({
    settings,
    prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
  });
};
const startAnew = async (settings: Readonly<Record<string, unknown>>) => {
  await appliance.stop();
  await start(settings);
};
beforeEach(() => start());
afterEach(() => appliance.stop());

const send = (file: string | Buffer) => {
  const call = appliance.signed('POST', '/update');
  return typeof file === 'string' ? call.attach('update', file) : call.attach('update', file, 'package.enc');
};
const status = async () => (await appliance.signed('GET', '/update')).body as UpdateStatus;
const ended = () =>
  poll('the update ends', async () => {
    const current = await status();
    return current.status !== 'running' && current;
  });
const log = async () => (await appliance.signed('GET', '/update/log')).text;
const leftovers = async () => [
  ...(await readdir(appliance.paths.tmp)),
  ...(await readdir(appliance.paths.uploads)),
];

const install = {
  'version.txt': '1.1.0\n',
  'update.sh': 'cp version.txt "$JIDO_ADMIN_PATH/etc/version.txt"\n',
};

test('should answer null values before the first update, and 404 for its log', async () => {
  expect((await appliance.signed('GET', '/update')).text).toBe('{"status":null,"log":null}');
  expect((await appliance.signed('GET', '/update/log')).status).toBe(404);
});

test('should install a package: 202, stages, log, files, nothing left behind', async () => {
  const answer = await send(await makePackage(appliance, install));
  expect([answer.status, answer.headers.location, answer.text]).toEqual([
    202,
    '/api/v1/admin/update',
    '{"Status":"202 Accepted","Location":"/api/v1/admin/update"}',
  ]);
  const { status: state, percentage, ...rest } = await ended();
  expect([state, percentage, Object.keys(rest)]).toEqual(['success', 100, ['log']]);
  const lines = (await log()).trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^\[\d+\]\[SYSTEM\] Updating system\. Please wait\.\.$/),
    expect.stringMatching(
      /^Starting update at: [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}$/,
    ),
    expect.stringMatching(/^Completed update at: /),
    expect.stringMatching(/^\[\d+\]\[SYSTEM\] Update successful$/),
  ]);
  expect(rest.log).toBe(`${lines.join('\\n')}\\n`);
  expect(await appliance.read(appliance.paths.version)).toBe('1.1.0\n');
  expect(await appliance.read(appliance.paths.updateStatusText)).toBe('success\n');
  expect(await appliance.read(appliance.paths.auditLog)).toMatch(
    /,web,admin,update\.post,"",127\.0\.0\.1\n$/,
  );
  expect(await leftovers()).toEqual([]);
  const mode = async (file: string) => (await stat(file)).mode & 0o777;
  const { updateLog, auditLog, updateStatusJson, updateStatusText } = appliance.paths;
  expect(await mode(updateLog)).toBe(0o664);
  for (const file of [auditLog, updateStatusJson, updateStatusText]) expect(await mode(file)).toBe(0o644);
});

test('should run update.sh in the extracted directory with the fixed environment', async () => {
  process.env.SECRET_OF_THE_DAEMON = 'x';
  const script = 'pwd > "$JIDO_ADMIN_PATH/log/pwd"; env | sort > "$JIDO_ADMIN_PATH/log/env"\n';
  await send(await makePackage(appliance, { 'update.sh': script }));
  delete process.env.SECRET_OF_THE_DAEMON;
  expect((await ended()).status).toBe('success');
  const { admin, log: logs, root = '' } = appliance.paths;
  expect(await readFile(join(logs, 'pwd'), 'utf8')).toBe(`${admin}/tmp/update\n`);
  const names = (await readFile(join(logs, 'env'), 'utf8'))
    .split('\n')
    .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
  expect(names).toEqual([
    `ADMIND_ROOT=${root}`,
    `JIDO_ADMIN_PATH=${admin}`,
    'LANG=C.UTF-8',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    '',
  ]);
});

test('should succeed at 90 without update.sh', async () => {
  await send(await makePackage(appliance, { 'version.txt': '1.1.0\n' }));
  expect(await ended()).toMatchObject({ status: 'success', percentage: 90 });
  expect(await log()).toMatch(/\] No update script found, skipping\.\n$/);
});

test.each([
  ['older', '0.9.0', 'software update package v0.9.0 is too old.'],
  ['the same', '1.0.0', 'software update package v1.0.0 already up-to-date.'],
])('should fail with E1001 for a version that is %s', async (_what, version, message) => {
  await send(await makePackage(appliance, { ...install, 'version.txt': `${version}\n` }));
  expect(await ended()).toMatchObject({
    status: 'failed',
    percentage: 60,
    'error-message': message,
    'error-code': 'E1001',
  });
  expect(await log()).toMatch(/\] Failed updating system\. Cleaning up\.\.\n$/);
  expect(await leftovers()).toEqual([]);
});

test.each([
  ['an empty file', (_whole: Buffer) => Buffer.alloc(0)],
  ['garbage', (_whole: Buffer) => Buffer.from('garbage')],
  ['a truncated package', (whole: Buffer) => whole.subarray(0, whole.length - 100)],
])('should accept %s and fail with E1005 at 30', async (_what, spoil) => {
  const whole = await readFile(await makePackage(appliance, install));
  expect((await send(spoil(whole))).status).toBe(202);
  expect(await ended()).toMatchObject({
    status: 'failed',
    percentage: 30,
    'error-message': 'Error decrypting software update package',
    'error-code': 'E1005',
  });
  expect((await log()).replace(/^\[\d+\]/gm, '')).toBe(
    '[SYSTEM] Updating system. Please wait..\n[SYSTEM] Error decrypting software update package\n' +
      '[SYSTEM] Failed updating system. Cleaning up..\n',
  );
  expect(await leftovers()).toEqual([]);
});

test('should fail with E1005 at 40 for a package of another vendor', async () => {
  const { privateKey } = await generateUpdateKeys(join(appliance.root, 'another-vendor'));
  const foreign = await makePackage({ ...appliance, privateKey }, install);
  await send(foreign);
  expect(await ended()).toMatchObject({
    status: 'failed',
    percentage: 40,
    'error-message': 'Error verifying software update package signature',
    'error-code': 'E1005',
  });
});

test('should fail with E1002 at 80 when update.sh fails, and keep what it printed', async () => {
  await send(await makePackage(appliance, { 'update.sh': 'echo out; echo err >&2; exit 3\n' }));
  expect(await ended()).toMatchObject({
    status: 'failed',
    percentage: 80,
    'error-message': 'Error running update',
    'error-code': 'E1002',
  });
  expect(await log()).toMatch(
    /\nout\nerr\n\[\d+\]\[SYSTEM\] Error running update\n\[\d+\]\[SYSTEM\] Failed updating system/,
  );
});

test('should show the message and code that update.sh wrote itself', async () => {
  const script =
    'cd "$JIDO_ADMIN_PATH/etc"; echo mine > status_error_message.txt; echo E4711 > status_error_code.txt; exit 1\n';
  await send(await makePackage(appliance, { 'update.sh': script }));
  expect(await ended()).toMatchObject({
    status: 'failed',
    percentage: 80,
    'error-message': 'mine',
    'error-code': 'E4711',
  });
  expect(await log()).not.toContain('Error running update');
});

test.each([
  ['neither', ': > status_error_message.txt; : > status_error_code.txt'],
  ['no message', ': > status_error_message.txt; echo E4711 > status_error_code.txt'],
])('should report E1002 when update.sh fails and left its error files with %s', async (_what, files) => {
  await send(await makePackage(appliance, { 'update.sh': `cd "$JIDO_ADMIN_PATH/etc"; ${files}; exit 1\n` }));
  expect(await ended()).toMatchObject({ 'error-message': 'Error running update', 'error-code': 'E1002' });
});

test('should begin a line of its own after output that does not end in one', async () => {
  await send(await makePackage(appliance, { 'update.sh': 'printf unfinished\n' }));
  expect((await ended()).status).toBe('success');
  expect(await log()).toMatch(/\nunfinished\nCompleted update at: /);
});

test('should show a version without what a terminal would obey, and not at any length', async () => {
  await appliance.write(appliance.paths.version, '9\n');
  await send(await makePackage(appliance, { 'version.txt': `1\u001b[2J${'.0'.repeat(400)}\n` }));
  const { 'error-message': shown } = await ended();
  expect(shown).toBe(`software update package v${`1?[2J${'.0'.repeat(400)}`.slice(0, 100)} is too old.`);
});

test('should install whatever becomes of admind.json while the daemon runs', async () => {
  await appliance.write(appliance.paths.settings, '{broken');
  await send(await makePackage(appliance, install));
  expect(await ended()).toMatchObject({ status: 'success' });
});

test('should forget the error of the last update when the next one starts', async () => {
  await send(Buffer.from('garbage'));
  await ended();
  await send(await makePackage(appliance, install));
  expect(Object.keys(await ended())).toEqual(['status', 'percentage', 'log']);
});

test('should keep the log within the limit when update.sh prints without end', async () => {
  await startAnew({ scriptOutputLimitBytes: 5000 });
  await send(await makePackage(appliance, { 'update.sh': 'head -c 50000000 /dev/zero | tr "\\0" x\n' }));
  expect((await ended()).status).toBe('success');
  const text = await log();
  expect(text.length).toBeLessThan(5500);
  expect(text).toContain('[output cut after 5000 bytes]');
});

test('should say so when update.sh is ended by a signal', async () => {
  await send(await makePackage(appliance, { 'update.sh': 'kill -9 $$\n' }));
  expect(await ended()).toMatchObject({ status: 'failed', percentage: 80, 'error-code': 'E1002' });
  expect(await log()).toContain('update.sh was ended by SIGKILL');
});

test('should end an update.sh that hangs and ignores SIGTERM, its children included, only when a time limit is set', async () => {
  await startAnew({ updateTimeLimitMs: 300 });
  const script =
    'trap "" TERM; sh -c \'trap "" TERM; echo $$ > "$JIDO_ADMIN_PATH/log/child"; while :; do sleep 0.1; done\'\n';
  await send(await makePackage(appliance, { 'update.sh': script }));
  expect(await ended()).toMatchObject({ status: 'failed', percentage: 80, 'error-code': 'E1002' });
  expect(await log()).toContain('update.sh ran longer than 300 ms and was stopped');
  const child = Number(await readFile(join(appliance.paths.log, 'child'), 'utf8'));
  expect(isAlive(identify(child))).toBe(false);
});

test('should survive an update.sh that signals its whole process group', async () => {
  await send(await makePackage(appliance, { 'update.sh': 'trap "" TERM; kill 0; exit 0\n' }));
  expect(await ended()).toMatchObject({ status: 'success' });
});

test('should leave background services of update.sh running, and free the lock all the same', async () => {
  const script = 'sleep 1000 & echo $! > "$JIDO_ADMIN_PATH/log/service"\n';
  await send(await makePackage(appliance, { 'update.sh': script }));
  expect((await ended()).status).toBe('success');
  const service = Number(await readFile(join(appliance.paths.log, 'service'), 'utf8'));
  expect(isAlive(identify(service))).toBe(true);
  expect((await send(Buffer.from('garbage'))).status).toBe(202);
  await ended();
  process.kill(service);
});

testWithMount(
  'should fail with E1005 at 50 when the archive does not fit, before extracting any of it',
  async () => {
    const unmount = mountTmpfs(appliance.paths.tmp, '1m');
    try {
      await send(await makePackage(appliance, { ...install, 'big.bin': 'x'.repeat(3_000_000) }));
      expect(await ended()).toMatchObject({
        status: 'failed',
        percentage: 50,
        'error-message': 'Error extracting software update package',
        'error-code': 'E1005',
      });
      expect(await leftovers()).toEqual([]);
    } finally {
      unmount();
    }
  },
);

test('should keep the lock and succeed when update.sh empties tmp', async () => {
  const script =
    'cd /; rm -rf "$JIDO_ADMIN_PATH"/tmp/*; while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.05; done\n';
  const file = await makePackage(appliance, { 'update.sh': script });
  await send(file);
  await poll(
    'tmp is empty',
    async () => (await readdir(appliance.paths.tmp)).length === 0 && (await status()).percentage === 70,
  );
  expect((await send(file)).body).toMatchObject({ 'error-code': 'E1004' });
  await writeFile(join(appliance.paths.log, 'go'), '');
  expect(await ended()).toMatchObject({ status: 'success', percentage: 100 });
});

describe('while an update runs', () => {
  const waiting = { 'update.sh': 'while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.05; done\n' };
  const letGo = () => writeFile(join(appliance.paths.log, 'go'), '');

  test('should refuse a second one with E1004 and leave the first alone', async () => {
    const file = await makePackage(appliance, waiting);
    await send(file);
    await poll(
      'the script runs',
      async () => (await status()).percentage === 70 && (await log()).includes('Starting update at'),
    );
    const before = [await status(), await log()];
    const second = await send(file);
    expect([second.status, second.text]).toEqual([
      400,
      '{"Status":"400 Bad Request","Error-Message":"Update is already running","error-code":"E1004"}',
    ]);
    expect([await status(), await log()]).toEqual(before);
    await letGo();
    expect(await ended()).toMatchObject({ status: 'success' });
  });

  test('should let exactly one of several simultaneous starts win', async () => {
    const file = await makePackage(appliance, waiting);
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await send(file)).status));
    expect(statuses.sort()).toEqual([202, 400, 400, 400]);
    await letGo();
    expect(await ended()).toMatchObject({ status: 'success' });
  });

  test('should answer everything else', async () => {
    await send(await makePackage(appliance, waiting));
    expect((await appliance.signed('GET', '/version')).text).toBe('{"version":"1.0.0"}');
    await letGo();
    await ended();
  });
});

describe('status files', () => {
  test.each([
    ['broken JSON falls back to the text file', '{"status":', 'success\n', { status: 'success' }],
    ['JSON without a status does, too', '{}', 'failed\n', { status: 'failed' }],
    [
      'JSON is read first',
      '{"status":"success","percentage":100}',
      'failed\n',
      { status: 'success', percentage: 100 },
    ],
    ['an empty text file is no status', '', '', { status: null }],
  ])('%s', async (_what, json, text, expected) => {
    await appliance.write(appliance.paths.updateStatusJson, json);
    await appliance.write(appliance.paths.updateStatusText, text);
    expect(await status()).toEqual({ ...expected, log: null });
  });

  test.each([
    ['', ''],
    ['one\n', 'one\\n'],
    ['one\ntwo', 'one\\ntwo'],
    [
      Array.from({ length: 12 }, (_, n) => `${n}\n`).join(''),
      Array.from({ length: 10 }, (_, n) => `${n + 2}\\n`).join(''),
    ],
  ])('a log of %j shows as %j', async (content, shown) => {
    await appliance.write(appliance.paths.updateLog, content);
    expect((await status()).log).toBe(shown);
  });

  test('a log is sent as it is', async () => {
    await appliance.write(appliance.paths.updateLog, 'line\n');
    const { text, headers } = await appliance.signed('GET', '/update/log');
    expect([text, headers['content-type'], headers['content-length']]).toEqual(['line\n', 'text/plain', '5']);
    await truncate(appliance.paths.updateLog, 0);
    expect(await log()).toBe('');
  });
});

describe('bad uploads', () => {
  test.each(['../../../../etc/version.txt', '/../version', '..'])(
    'a field named %s is refused and touches no file',
    async (name) => {
      const { paths, read } = appliance;
      const { status: code } = await appliance
        .signed('POST', '/update')
        .attach(name, Buffer.from('overwritten'), 'x');
      expect(code).toBe(400);
      await poll('the upload is removed', async () => (await leftovers()).length === 0);
      expect(await read(paths.version)).toBe('1.0.0\n');
    },
  );

  const message = (body: unknown) => (body as Record<string, string>)['Error-Message'];

  test.each([
    ['no body', (call: ReturnType<typeof send>) => call, 'Missing field: update. Expected a file'],
    [
      'JSON',
      (call: ReturnType<typeof send>) => call.send({ update: 'x' }),
      'Invalid content type. Allowed: multipart/form-data',
    ],
    [
      'a form without boundary',
      (call: ReturnType<typeof send>) => call.set('Content-Type', 'multipart/form-data').send('x'),
      'Malformed multipart form: Multipart: Boundary not found',
    ],
    [
      'another field',
      (call: ReturnType<typeof send>) => call.attach('package', Buffer.from('x'), 'p'),
      'Unknown field: package. Allowed: update',
    ],
    [
      'text',
      (call: ReturnType<typeof send>) => call.field('update', '/etc/passwd'),
      'Invalid field: update. Expected a file, got text',
    ],
    [
      'two files',
      (call: ReturnType<typeof send>) =>
        call.attach('update', Buffer.from('x'), 'a').attach('update', Buffer.from('y'), 'b'),
      'Invalid field: update. It was sent more than once',
    ],
  ])('should 400 %s', async (_what, build, expected) => {
    const { status: code, body } = await build(appliance.signed('POST', '/update'));
    expect([code, message(body)]).toEqual([400, expected]);
    await poll('the upload is removed', async () => (await leftovers()).length === 0);
    expect(existsSync(appliance.paths.updateLog)).toBe(false);
  });
});
