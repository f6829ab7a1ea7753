import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { listServices } from '../../src/actions/list-services.js';
import { prepareSandbox } from '../../src/appliance/sandbox.js';
import { appliancePaths } from '../../src/config/paths.js';
import { createLogger } from '../../src/core/logger.js';
import { identify, isAlive } from '../../src/system/processes.js';
import { ownParts } from '../support/own-parts.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { writeScript } from '../support/script-file.js';

let appliance: TestDaemon;
let initDirectory: string;
beforeAll(async () => {
  appliance = await startTestDaemon();
  initDirectory = join(appliance.root, 'usr/local/etc/init.d');
});
beforeEach(async () => {
  await rm(initDirectory, { recursive: true, force: true });
  await rm(appliance.paths.serviceList, { recursive: true, force: true });
  await init('jidoteki-admin-api', 'echo "jidoteki-admin-api is running"');
});
afterAll(() => appliance.stop());

const init = (name: string, lines: string, mode?: number) =>
  writeScript(join(initDirectory, name), lines, mode);
const list = (names: string) => appliance.write(appliance.paths.serviceList, names);
const get = async () => {
  const { status, body } = (await appliance.signed('GET', '/services')) as {
    status: number;
    body: { services: Record<string, string>[] };
  };
  expect(status).toBe(200);
  return body.services;
};
const ITSELF = { 'jidoteki-admin-api': 'running' };

test('without a list it is the admin API alone', async () => {
  const { status, text, headers } = await appliance.signed('GET', '/services');
  expect([status, headers['content-type'], text]).toEqual([
    200,
    'application/json',
    '{"services":[{"jidoteki-admin-api":"running"}]}',
  ]);
  await rm(initDirectory, { recursive: true });
  expect(await get()).toEqual([{ 'jidoteki-admin-api': 'not running' }]);
});

test('those of the list follow in its order, each once', async () => {
  await list('  openssh\tnginx\n\nopenssh stunnel ');
  for (const name of ['nginx', 'openssh']) await init(name, `echo "${name} is running"`);
  expect(await get()).toEqual([
    ITSELF,
    { openssh: 'running' },
    { nginx: 'running' },
    { stunnel: 'not running' },
  ]);
});

test('the admin API comes first, wherever the list names it', async () => {
  await list('openssh jidoteki-admin-api');
  expect(await get()).toEqual([ITSELF, { openssh: 'not running' }]);
});

test.each([
  ['echo "sshd is running, pid 12"', 'running'],
  ['echo "is running"; exit 3', 'running'],
  ['printf online', 'running'],
  ['echo "Starting."; echo; echo "[ online ]"', 'running'],
  ['echo "sshd is not running"', 'not running'],
  ['echo "sshd isn\'t running"', 'not running'],
  ['echo "sshd is runningly"', 'not running'],
  ['echo "offline"', 'not running'],
  ['echo "onliner"', 'not running'],
  ['echo "online_"', 'not running'],
  ['echo "Online IS RUNNING"', 'not running'],
  ['echo "sshd is running" >&2', 'not running'],
  ['[ "$*" = status ] && echo is running', 'running'],
  ['true', 'not running'],
  ['exit 1', 'not running'],
  ['echo is running; kill -KILL $$', 'not running'],
  ['#!/no/such/sh', 'not running'],
])('%j is %s', async (lines, state) => {
  await list('sshd');
  await init('sshd', lines);
  expect(await get()).toEqual([ITSELF, { sshd: state }]);
});

test('an init script that is not executable does not run', async () => {
  await list('sshd');
  await init('sshd', 'echo is running', 0o644);
  expect(await get()).toEqual([ITSELF, { sshd: 'not running' }]);
});

test.each([
  ['hangs', 'echo is running; exec sleep 1000'],
  ['ignores signals', "trap '' TERM INT HUP; echo is running; while :; do sleep 0.1; done"],
  ['prints 100 MB', 'echo is running; head -c 100000000 /dev/zero'],
  ['prints without an end', 'exec yes is running'],
])('one that %s is not running, and the answer comes all the same', async (_what, lines) => {
  await list('sshd');
  await init('sshd', lines);
  const started = performance.now();
  expect(await get()).toContainEqual({ sshd: 'not running' });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('what a status command has left in the background ends with it', async () => {
  await list('sshd');
  await init('sshd', `sleep 1000 & echo $! > "${appliance.root}/child"; echo is running`);
  expect(await get()).toEqual([ITSELF, { sshd: 'running' }]);
  const child = Number(await appliance.read(join(appliance.root, 'child')));
  expect(child).toBeGreaterThan(1);
  expect(isAlive(identify(child))).toBe(false);
});

test('seventy that hang do not keep the answer', async () => {
  const names = Array.from({ length: 70 }, (_, index) => `hang${index}`);
  await list(names.join('\n'));
  for (const name of names) await init(name, 'exec sleep 1000');
  const started = performance.now();
  expect((await get()).slice(1)).toEqual(names.map((name) => ({ [name]: 'not running' })));
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('names that are no names are left out, with a warning', async () => {
  const warnings: string[] = [];
  const logger = Object.assign(Object.create(createLogger('silent')) as ReturnType<typeof createLogger>, {
    warn: ({ name }: { name: string }) => warnings.push(name),
  });
  await writeScript(
    join(appliance.root, 'usr/local/etc/evil'),
    `echo is running; : > ${appliance.root}/evil`,
  );
  await list('../evil ok@1._- a/b $(id) a;b "x" naïve\nsshd\u0000 -h .. __proto__');
  const { services } = await listServices(ownParts(appliance.paths, logger));
  expect(JSON.stringify(services)).toBe(
    JSON.stringify([ITSELF]).slice(0, -1) +
      ['ok@1._-', '-h', '..', '__proto__'].map((name) => `,{"${name}":"not running"}`).join('') +
      ']',
  );
  expect(warnings).toEqual(['../evil', 'a/b', '$(id)', 'a;b', '"x"', 'na?ve', 'sshd?']);
  expect(existsSync(join(appliance.root, 'evil'))).toBe(false);
});

test('a list that cannot be read counts as none', async () => {
  await mkdir(appliance.paths.serviceList);
  expect(await get()).toEqual([ITSELF]);
});

test('those who ask at the same time share one run', async () => {
  await init('jidoteki-admin-api', `echo run >> ${appliance.root}/runs; sleep 0.3; echo online`);
  const parts = ownParts(appliance.paths);
  const answers = await Promise.all(Array.from({ length: 5 }, () => listServices(parts)));
  expect(answers).toEqual(Array.from({ length: 5 }, () => ({ services: [ITSELF] })));
  expect(await appliance.read(join(appliance.root, 'runs'))).toBe('run\n');
});

test('HEAD answers, POST is a 400, and a credential is needed', async () => {
  expect((await appliance.signed('HEAD', '/services')).status).toBe(200);
  expect((await appliance.signed('POST', '/services')).body).toMatchObject({
    'Error-Message': 'Invalid authentication method. Expected GET',
  });
  expect((await appliance.call('GET', '/services')).status).toBe(403);
});

test('the sandbox has services of its own', async () => {
  const root = join(appliance.root, 'sandbox');
  const paths = appliancePaths(root);
  await prepareSandbox(root, paths);
  const ask = () => listServices(ownParts(paths));
  expect(await ask()).toEqual({ services: [ITSELF, { 'sample-app': 'running' }] });
  await rm(join(paths.data, 'app'), { recursive: true });
  expect(await ask()).toEqual({ services: [ITSELF, { 'sample-app': 'not running' }] });
});

describe('on the machine itself', () => {
  let tools: string;
  beforeAll(async () => {
    tools = await mkdtemp(join(appliance.root, 'tools-'));
    await writeScript(join(tools, 'systemctl'), '[ "$*" = "is-active --quiet -- admind-test-active" ]');
  });
  const ask = (name: string, path: string) =>
    spawnSync('/bin/sh', [resolve('scripts/service-status.sh'), name], {
      env: { PATH: path },
      encoding: 'utf8',
    }).stdout;

  test('systemd is asked about what has no init script', () => {
    expect(ask('admind-test-active', tools)).toBe('admind-test-active is running\n');
    expect(ask('admind-test-other', tools)).toBe('');
    expect(ask('admind-test-active', '/nowhere')).toBe('');
  });

  test('the script refuses a name that is none', () => {
    expect(() => execFileSync('scripts/service-status.sh', ['../x'], { stdio: 'pipe' })).toThrow(
      /usage: service-status\.sh NAME/,
    );
  });
});
