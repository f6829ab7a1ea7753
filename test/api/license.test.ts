import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readLicense } from '../../src/actions/read-license.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { identify, isAlive } from '../../src/system/processes.js';
import { createAppliance, TOKEN } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { startDaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';
import { pretendToRun } from '../support/running-job.js';
import { writeScript } from '../support/script-file.js';
import { ownParts } from '../support/own-parts.js';

const ENABLED = '{"endpoints":["license"],"parameters":["license"]}';
const OLD = '{"app": "old",\n  "users": 20}';
const NEW = '{"app":"Zürich & Söhne","users":40}';
/** Of the sandbox: the licence itself is the JSON. */
const PRINT = 'cat "$JIDO_ADMIN_PATH/etc/license.asc"';
const WAIT = 'while ! [ -e "$JIDO_ADMIN_PATH/log/go" ]; do sleep 0.02; done';

let appliance: TestDaemon;
let script: string;
beforeAll(async () => {
  appliance = await startTestDaemon({
    settings: { licenseTimeLimitMs: 2_000, settleIntervalMs: 50 },
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, ENABLED),
  });
  script = join(appliance.paths.bin, 'license.sh');
});
beforeEach(async () => {
  const { license, licenseStatus, log } = appliance.paths;
  for (const path of [license, licenseStatus, log]) await rm(path, { recursive: true, force: true });
  await mkdir(log);
  await writeScript(script, PRINT);
});
afterAll(() => appliance.stop());

const send = async (content: string) => {
  const { status, text, headers } = await appliance
    .signed('POST', '/license')
    .attach('license', Buffer.from(content), 'any.asc');
  return { status, text, message: headers['error-message'], headers };
};
const get = async () => {
  const { status, text } = await appliance.signed('GET', '/license');
  return [status, text];
};
const log = async () =>
  ((await readTextFile(appliance.paths.licenseLog)) ?? '').replaceAll(/^\[\d+\]\[SYSTEM\] /gm, '');
const letGo = () => appliance.write(join(appliance.paths.log, 'go'), '');
const NOT_FOUND = [404, '{"Status":"404 Not Found"}'];

test('a license is stored, and answered as license.sh prints it', async () => {
  const { status, text, headers } = await send(`${OLD}\n\n`);
  expect([status, text, headers['content-type']]).toEqual([200, OLD, 'application/json']);
  expect(await get()).toEqual([200, OLD]);
  const { license, licenseStatus, auditLog, uploads } = appliance.paths;
  expect(await appliance.read(license)).toBe(`${OLD}\n\n`);
  expect((await stat(license)).mode & 0o777).toBe(0o640);
  expect(await log()).toBe('Updating license. Please wait..\nUpdating license successful\n');
  expect(await appliance.read(licenseStatus)).toBe('success\n');
  expect(await appliance.read(auditLog)).toMatch(
    /^\d+\.\d{9},[0-9a-f]{16},web,admin,license\.post,"",[\d.:a-f]+\n$/,
  );
  expect(await readdir(uploads)).toEqual([]);
});

test('a further license replaces it', async () => {
  await send(OLD);
  expect(await send(NEW)).toMatchObject({ status: 200, text: NEW });
  expect(await get()).toEqual([200, NEW]);
});

describe('should 400 and keep the previous license when license.sh', () => {
  const cases: [what: string, lines: string | undefined, mode: number, reason: string][] = [
    ['is missing', undefined, 0o755, 'license.sh, or a program that it calls, is missing or not executable'],
    [
      'is not executable',
      PRINT,
      0o644,
      'license.sh, or a program that it calls, is missing or not executable',
    ],
    [
      'has no interpreter',
      '#!/no/such/sh\n',
      0o755,
      'license.sh, or a program that it calls, is missing or not executable',
    ],
    ['fails', 'echo gpg: broken >&2; exit 3', 0o755, 'license.sh ended with status 3'],
    ['fails after it printed the license', `${PRINT}; exit 1`, 0o755, 'license.sh ended with status 1'],
    ['is killed', 'kill -KILL $$', 0o755, 'license.sh was ended by SIGKILL'],
    ['hangs', 'exec sleep 1000', 0o755, 'license.sh ran longer than 2000 ms and was stopped'],
    [
      'ignores signals',
      `trap '' TERM INT HUP; ${WAIT}`,
      0o755,
      'license.sh ran longer than 2000 ms and was stopped',
    ],
    ['prints garbage', 'head -c 1000 /dev/urandom', 0o755, 'license.sh did not print a JSON object'],
    ['prints nothing', 'true', 0o755, 'license.sh did not print a JSON object'],
    ['prints a text', 'echo \'"license"\'', 0o755, 'license.sh did not print a JSON object'],
    ['prints a list', "echo '[{}]'", 0o755, 'license.sh did not print a JSON object'],
    ['prints two objects', "echo '{}'; echo '{}'", 0o755, 'license.sh did not print a JSON object'],
    [
      'prints 100 MB',
      'head -c 100000000 /dev/zero; echo > "$JIDO_ADMIN_PATH/log/end"',
      0o755,
      'license.sh printed more than 65536 bytes',
    ],
    ['prints without an end', 'exec yes', 0o755, 'license.sh printed more than 65536 bytes'],
  ];
  test.each(cases)('%s', async (_what, lines, mode, reason) => {
    await send(OLD);
    await rm(script);
    await rm(appliance.paths.auditLog);
    if (lines !== undefined) await writeScript(script, lines, mode);
    expect(await send(NEW)).toMatchObject({
      status: 400,
      message: `The license was not changed: ${reason}`,
      text: JSON.stringify({
        Status: '400 Bad Request',
        'Error-Message': `The license was not changed: ${reason}`,
      }),
    });
    const { license, licenseStatus, etc, log: logs, auditLog } = appliance.paths;
    expect(existsSync(auditLog)).toBe(false);
    expect(await appliance.read(license)).toBe(OLD);
    expect((await stat(license)).mode & 0o777).toBe(0o640);
    expect(await appliance.read(licenseStatus)).toBe('failed\n');
    expect((await readdir(etc)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync(join(logs, 'end'))).toBe(false);
    expect(await log()).toMatch(
      new RegExp(`\n${reason}\nThe previous state was put back\nInvalid or missing license file\n$`),
    );
    expect(await get()).toEqual(NOT_FOUND);
    await writeScript(script, PRINT);
    expect(await get()).toEqual([200, OLD]);
  });
});

test('what a hanging license.sh has started ends with it', async () => {
  await writeScript(
    script,
    'sleep 1000 & echo $! > "$JIDO_ADMIN_PATH/log/child.new"; mv "$JIDO_ADMIN_PATH/log/child.new" "$JIDO_ADMIN_PATH/log/child"; wait',
  );
  expect(await send(NEW)).toMatchObject({ status: 400 });
  const child = Number(await appliance.read(join(appliance.paths.log, 'child')));
  expect(child).toBeGreaterThan(1);
  expect(isAlive(identify(child))).toBe(false);
});

test('a bad first license leaves none', async () => {
  expect(await get()).toEqual(NOT_FOUND);
  expect(await send('garbage')).toMatchObject({ status: 400 });
  expect(existsSync(appliance.paths.license)).toBe(false);
  expect(await get()).toEqual(NOT_FOUND);
});

test('should 400 without the file, 413 for one over 1 MiB, and start nothing', async () => {
  const post = () => appliance.signed('POST', '/license');
  expect((await post()).body).toMatchObject({ 'Error-Message': 'Missing field: license. Expected a file' });
  expect((await post().field('license', OLD)).body).toMatchObject({
    'Error-Message': 'Invalid field: license. Expected a file, got text',
  });
  expect((await post().attach('key', Buffer.from(OLD), 'a')).body).toMatchObject({
    'Error-Message': 'Unknown field: key. Allowed: license',
  });
  expect(await send('x'.repeat(1024 * 1024 + 1))).toMatchObject({
    status: 413,
    message: 'Invalid field: license. Allowed: at most 1048576 bytes',
  });
  expect(await readdir(appliance.paths.uploads)).toEqual([]);
  expect(await readdir(appliance.paths.log)).toEqual([]);
});

test('should 403 without a credential', async () => {
  expect((await appliance.call('POST', '/license').attach('license', Buffer.from(OLD), 'a')).status).toBe(
    403,
  );
  expect((await appliance.call('GET', '/license')).status).toBe(403);
  expect(existsSync(appliance.paths.license)).toBe(false);
});

test('should 404 where the endpoint is off, and know no field where the parameter is', async () => {
  const start = (configuration: string) =>
    startTestDaemon({ prepare: ({ paths, write }) => write(paths.endpointConfiguration, configuration) });
  const off = await start('{}');
  const bare = await start('{"endpoints":["license"]}');
  try {
    expect((await off.signed('GET', '/license')).status).toBe(404);
    const refused = await bare.signed('POST', '/license').attach('license', Buffer.from(OLD), 'a');
    expect([refused.status, refused.body]).toMatchObject([
      400,
      { 'Error-Message': /^Unknown field: license\./ },
    ]);
  } finally {
    await off.stop();
    await bare.stop();
  }
});

test('a second one is refused while the first is tried, and so is one during an update', async () => {
  await writeScript(script, `${WAIT}; ${PRINT}`);
  const first = send(OLD);
  await poll('the first runs', () => Promise.resolve(existsSync(appliance.paths.license)));
  expect(await send(NEW)).toMatchObject({ status: 400, message: 'License is already running' });
  await letGo();
  expect(await first).toMatchObject({ status: 200, text: OLD });
  const end = await pretendToRun('update', appliance.paths);
  expect(await send(NEW)).toMatchObject({ status: 400, message: 'License cannot start while update runs' });
  await end();
  expect(await send(NEW)).toMatchObject({ status: 200 });
});

test('GET never shows a license that is still being tried', async () => {
  await send(OLD);
  await writeScript(script, `${WAIT}; ${PRINT}`);
  const trial = send('garbage');
  await poll('it is in place', async () => (await appliance.read(appliance.paths.license)) === 'garbage');
  const during = get();
  await letGo();
  expect(await trial).toMatchObject({ status: 400 });
  expect(await during).toEqual([200, OLD]);
});

test('those who ask at the same time share one run of license.sh', async () => {
  const { paths, read } = appliance;
  await send(OLD);
  await writeScript(script, `echo run >> "$JIDO_ADMIN_PATH/log/runs"; ${WAIT}; ${PRINT}`);
  const parts = ownParts(paths);
  const answers = Promise.all(Array.from({ length: 5 }, () => readLicense(parts)));
  await poll('it runs', () => Promise.resolve(existsSync(join(paths.log, 'runs'))));
  await letGo();
  expect(new Set(await answers)).toEqual(new Set([OLD]));
  expect(await read(join(paths.log, 'runs'))).toBe('run\n');
});

test('no log shows anything of a license, a bad one included', async () => {
  const secret = 'SECRET-LICENSE';
  const other = await createAppliance({ logLevel: 'debug' });
  try {
    await other.write(other.paths.apiToken, TOKEN);
    await other.write(other.paths.endpointConfiguration, ENABLED);
    await writeScript(join(other.paths.bin, 'license.sh'), `${PRINT}; ${PRINT} >&2`);
    const daemon = await startDaemonProcess(other);
    const post = (content: string) =>
      daemon.call('post', '/license').attach('license', Buffer.from(content), 'license.asc');
    expect((await post(`{"a": "${secret}"}`)).text).toContain(secret);
    const bad = await post(`{"${secret}`);
    expect([bad.status, bad.text]).toEqual([400, expect.not.stringContaining(secret)]);
    expect((await daemon.call('get', '/license')).status).toBe(200);
    await daemon.kill('SIGTERM');
    const logs = await Promise.all(
      (await readdir(other.paths.log)).map((name) => other.read(join(other.paths.log, name))),
    );
    expect(logs.length).toBeGreaterThan(1);
    expect([daemon.output(), ...logs].filter((text) => text.includes(secret))).toEqual([]);
  } finally {
    await other.remove();
  }
});
