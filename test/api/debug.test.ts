import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BundleManifest } from '../../src/package/bundle-manifest.js';
import { openBundle } from '../../src/package/open-bundle.js';
import type { Paths } from '../../src/config/paths.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { download } from '../support/download.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';
import { testWith } from '../support/tools.js';

const LIMIT = 10_000;

let appliance: TestDaemon;
const start = async (settings: Readonly<Record<string, unknown>> = {}) => {
  appliance = await startTestDaemon({
    settings: { debugCommandTimeLimitMs: 20_000, scriptOutputLimitBytes: LIMIT, ...settings },
    prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
  });
};
const startAnew = async (settings: Readonly<Record<string, unknown>>) => {
  await appliance.stop();
  await start(settings);
};
beforeEach(() => start());
afterEach(() => appliance.stop());

const commands = (...lines: readonly string[]) =>
  appliance.write(appliance.paths.debugList, lines.map((line) => `${line}\n`).join(''));
const get = () => download(appliance.signed('GET', '/debug'));
const log = () => appliance.read(appliance.paths.debugLog);
const refused = async () => {
  const { status, bytes } = await get();
  return [status, bytes.toString()];
};

interface Opened {
  readonly directory: string;
  readonly manifest: BundleManifest;
  output(number: number): Promise<string>;
}

async function open(bytes: Buffer): Promise<Opened> {
  const work = await mkdtemp(join(appliance.root, 'opened-'));
  const [bundleFile, directory] = [join(work, 'bundle.tar'), join(work, 'bundle')];
  await writeFile(bundleFile, bytes);
  await openBundle({ bundleFile, privateKeyFile: appliance.privateKey, directory });
  const manifest = JSON.parse(
    await readFile(join(directory, 'debug/manifest.json'), 'utf8'),
  ) as BundleManifest;
  return {
    directory,
    manifest,
    output: (number) => readFile(join(directory, `debug/debug-${number}.log`), 'utf8'),
  };
}

async function bundle(): Promise<Opened> {
  const { status, bytes } = await get();
  expect([status, status === 200 ? '' : bytes.toString()]).toEqual([200, '']);
  return open(bytes);
}

/** A time to sleep that no other process has: the processes of one test are told from others by it. */
let seconds = 100_000 + (process.pid % 10_000) * 10;
beforeEach(() => (seconds += 1));
const sleepers = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`sleep\0${seconds}\0`)
      );
    } catch {
      return false;
    }
  });

test('should download a bundle, and say so in log, status and audit', async () => {
  await commands('uname -s; reboot', '', 'echo "two  words" | tr a-z A-Z');
  await appliance.write(appliance.paths.logsList, '/var/log/syslog\n');
  await appliance.write(join(appliance.root, 'var/log/syslog'), 'hello\n');
  const { status, headers, bytes } = await get();
  expect([
    status,
    headers['content-type'],
    headers['content-disposition'],
    headers['content-length'],
  ]).toEqual([
    200,
    'application/octet-stream',
    'attachment; filename="debug-bundle.tar"',
    String(bytes.length),
  ]);
  const { directory, manifest, output } = await open(bytes);
  expect((await readdir(join(directory, 'debug'))).sort()).toEqual([
    'debug-1.log',
    'debug-2.log',
    'manifest.json',
  ]);
  expect(await output(1)).toBe('Running: uname -s\nLinux\n');
  expect(await output(2)).toBe('Running: echo "two  words" | tr a-z A-Z\nTWO  WORDS\n');
  expect(await readFile(join(directory, 'logs/var/log/syslog'), 'utf8')).toBe('hello\n');
  expect(manifest).toEqual({
    madeBy: expect.stringMatching(/^admind \d/),
    madeAt: expect.stringMatching(/^\d{4}-.*Z$/),
    version: '1.0.0',
    commands: [
      {
        file: 'debug-1.log',
        command: 'uname -s',
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        durationMs: expect.any(Number),
        exitStatus: 0,
        signal: null,
        timedOut: false,
        sizeBytes: 24,
        truncated: false,
      },
      expect.objectContaining({ file: 'debug-2.log', exitStatus: 0 }),
    ],
  });
  expect(await log()).toMatch(
    new RegExp(
      [
        '^\\[\\d+\\]\\[SYSTEM\\] Generating compressed debug-bundle\\.tar\\. Please wait\\.\\.',
        'Creating debug/debug-1\\.log',
        'Creating debug/debug-2\\.log',
        '\\[\\d+\\]\\[SYSTEM\\] Generated debug bundle successful\\n$',
      ].join('\\n'),
    ),
  );
  const { paths } = appliance;
  expect(await appliance.read(paths.debugStatus)).toBe('success\n');
  expect(await appliance.read(paths.auditLog)).toMatch(
    /,web,admin,debug\.get,"debug-bundle\.tar",127\.0\.0\.1\n$/,
  );
  expect((await stat(paths.debugBundle)).mode & 0o777).toBe(0o640);
  expect([await readdir(paths.uploads), await readdir(paths.tmp)]).toEqual([['debug-bundle.tar'], []]);
});

testWith('openssl', 'tar')('should make a bundle that sh, openssl and tar open', async () => {
  await commands('echo one');
  await appliance.write(appliance.paths.logsList, '');
  const { bytes } = await get();
  const work = await mkdtemp(join(appliance.root, 'work-'));
  await writeFile(join(work, 'debug-bundle.tar'), bytes);
  const script = `
    set -e
    tar -xf debug-bundle.tar
    openssl pkeyutl -decrypt -inkey "$1" -in debug.key.enc -out debug.key
    for name in debug logs; do
      openssl aes-256-cbc -d -md sha256 -pbkdf2 -pass file:debug.key -in $name.tar.gz.enc | tar -xzf -
    done
    wc -c < debug.key; cat debug-1.log; find . -name update_debug.log; tar -tf debug-bundle.tar`;
  expect(
    execFileSync('sh', ['-c', script, 'sh', appliance.privateKey], { cwd: work, encoding: 'utf8' }),
  ).toBe(
    '45\nRunning: echo one\none\n./opt/jidoteki/tinyadmin/log/update_debug.log\n' +
      'debug.key.enc\ndebug.tar.gz.enc\nlogs.tar.gz.enc\n',
  );
});

testWith('openssl')('should pad the key with OAEP where the settings say so', async () => {
  await startAnew({ debugKeyPadding: 'oaep' });
  await commands('echo one');
  const { bytes } = await get();
  const key = execFileSync('tar', ['-xOf', '-', 'debug.key.enc'], { input: bytes });
  const opened = execFileSync(
    'openssl',
    ['pkeyutl', '-decrypt', '-inkey', appliance.privateKey, '-pkeyopt', 'rsa_padding_mode:oaep'],
    { input: key, encoding: 'utf8' },
  );
  expect(opened).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  expect(await (await open(bytes)).output(1)).toBe('Running: echo one\none\n');
});

test('should leave out the logs where there is no logs.txt', async () => {
  await commands('echo one');
  const { directory } = await bundle();
  expect(await readdir(directory)).toEqual(['debug']);
});

test.each([
  ['nothing', '', []],
  ['blank lines and lines that begin with a semicolon', '\n  \n;ls\n', []],
  ['Windows line ends', 'echo a\r\n\r\necho b\r\n', ['echo a', 'echo b']],
  ['no newline at the end', 'echo a', ['echo a']],
  ['a semicolon in a command', 'echo a ; echo b', ['echo a']],
  ['quotes, tabs and backslashes', `\tprintf '%s' "a'b\\\\"`, [`printf '%s' "a'b\\\\"`]],
])('should take a debug.txt with %s', async (_what, text, expected) => {
  await appliance.write(appliance.paths.debugList, text);
  const { manifest } = await bundle();
  expect(manifest.commands.map(({ command }) => command)).toEqual(expected);
  expect(manifest.commands.map(({ exitStatus }) => exitStatus)).toEqual(expected.map(() => 0));
});

test.each([
  ['fails', 'echo before && echo error >&2 && exit 3', { exitStatus: 3, signal: null }, /before\nerror\n$/],
  ['is missing', '/no/such/program', { exitStatus: 127 }, /not found/],
  ['is no shell command', 'echo "', { exitStatus: 2 }, /nterminated|EOF/],
  ['kills itself', 'kill -9 $$', { exitStatus: 137, signal: 'SIGKILL' }, /^Running: kill/],
  ['kills its process group', 'kill -9 0', { exitStatus: null, signal: 'SIGKILL' }, /^Running: kill/],
  ['terminates its process group', 'kill 0', { signal: 'SIGTERM' }, /^Running: kill/],
  ['prints without end', 'yes', { truncated: true }, /\[output cut after 10000 bytes\]\n$/],
  [
    'prints a lot',
    'head -c 100000 /dev/zero',
    { exitStatus: 0, truncated: true },
    /\[output cut after 10000 bytes\]\n$/,
  ],
  ['prints bytes that are no text', "printf '\\377\\000\\376'", { exitStatus: 0, sizeBytes: 35 }, /^Running/],
])('should not lose the bundle when a command %s', async (_what, command, record, output) => {
  await commands(command, 'echo last');
  const opened = await bundle();
  expect(opened.manifest.commands[0]).toMatchObject(record);
  expect(await opened.output(1)).toMatch(output);
  expect((await opened.output(1)).length).toBeLessThan(LIMIT + 200);
  expect(await opened.output(2)).toBe('Running: echo last\nlast\n');
});

describe('a command that never ends', () => {
  beforeEach(() => startAnew({ debugCommandTimeLimitMs: 3_000 }));

  test.each([
    ['sleeps', 'sleep @'],
    ['loops', 'while :\ndo :\ndone'],
    ['ignores SIGTERM', 'trap "" TERM && exec sleep @'],
    ['waits for its children', 'sleep @ & setsid sleep @ & wait'],
  ])('should be stopped, with all that it started, when it %s', async (_what, command) => {
    // A loop needs semicolons or lines, which a line of debug.txt cannot have.
    const script = join(appliance.root, 'script.sh');
    await writeFile(script, command.replaceAll('@', String(seconds)));
    await commands(`sh ${script}`, 'echo last');
    const { manifest, output } = await bundle();
    expect(manifest.commands[0]).toMatchObject({ timedOut: true });
    expect(manifest.commands[0]?.durationMs).toBeLessThan(20_000);
    expect(await output(2)).toBe('Running: echo last\nlast\n');
    expect(sleepers()).toEqual([]);
  });
});

test.each([
  ['in the background', 'sleep @ &'],
  ['in a session of its own', 'setsid sleep @ &'],
  ['that holds its output', '(trap "" TERM HUP && exec setsid sleep @) & echo started'],
  ['without an environment', 'env -i sleep @ &'],
  ['twice removed', 'setsid sh -c "sleep @ & sleep @ & wait" & sleep 0.2'],
])('should leave nothing running that a command started %s', async (_what, command) => {
  await commands(command.replaceAll('@', String(seconds)));
  const { manifest } = await bundle();
  expect(manifest.commands[0]).toMatchObject({ exitStatus: 0, timedOut: false });
  expect(sleepers()).toEqual([]);
});

test('should leave nothing running that is between two programs when it is looked for', async () => {
  const chain = join(appliance.root, 'chain.sh');
  await writeFile(chain, `[ "$1" -le 0 ] || exec sh "$0" $(($1 - 1))\nexec sleep ${seconds}\n`);
  await commands(...Array.from({ length: 12 }, () => `setsid sh ${chain} 100 &`));
  await bundle();
  // One that got away has reached its end by then.
  await get();
  expect(sleepers()).toEqual([]);
});

test('should leave nothing running while other processes come and go', async () => {
  const churn = spawn('sh', ['-c', 'while :; do /bin/true; /bin/true & wait; done'], { stdio: 'ignore' });
  try {
    await commands(...Array.from({ length: 10 }, () => `setsid sleep ${seconds} & exit 3`));
    const { manifest } = await bundle();
    expect(manifest.commands.map(({ exitStatus }) => exitStatus)).toEqual(Array(10).fill(3));
    expect(sleepers()).toEqual([]);
  } finally {
    churn.kill('SIGKILL');
  }
});

testWith('busybox')('should leave nothing running on a system that has only busybox', async () => {
  const { root, paths } = appliance;
  const bin = join(root, 'bin');
  await mkdir(bin);
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  for (const name of ['env', 'grep', 'sed', 'setsid', 'sh', 'sleep', 'tr'])
    await symlink(busybox, join(bin, name));
  await commands(`setsid sleep ${seconds} & echo one`);
  const env = { PATH: bin, JIDO_ADMIN_PATH: paths.admin };
  const script = resolve('scripts/debug-command.sh');
  expect(execFileSync(busybox, ['sh', script, '1', '10'], { env, encoding: 'utf8' })).toBe('one\n');
  expect(sleepers()).toEqual([]);
  await commands(`sleep ${seconds}`);
  expect(spawnSync(busybox, ['sh', script, '1', '1'], { env }).status).toBe(143);
  expect(sleepers()).toEqual([]);
});

test('should run the commands as the system scripts are run: no token, no key, no input', async () => {
  await commands('env', 'cat', 'ls -l /proc/self/fd');
  const { output } = await bundle();
  const names = (await output(1))
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split('=')[0]);
  expect(names.filter((name) => !['_', 'PWD', 'OLDPWD', 'SHLVL'].includes(name ?? '')).sort()).toEqual([
    'ADMIND_DEBUG_COMMAND',
    'ADMIND_ROOT',
    'JIDO_ADMIN_PATH',
    'LANG',
    'PATH',
  ]);
  expect(await output(2)).toBe('Running: cat\n');
  const files = [...(await output(3)).matchAll(/(\d+) -> .*opt\/jidoteki\/tinyadmin\/(.*)/g)];
  expect(files.map(([, fd, file]) => [fd, file])).toEqual([
    ['1', 'tmp/debug/debug/debug-3.log'],
    ['2', 'tmp/debug/debug/debug-3.log'],
  ]);
});

test('should give everyone who asks at the same time a whole bundle, of few builds', async () => {
  await commands('echo one', 'sleep 0.3');
  const answers = await Promise.all(Array.from({ length: 6 }, get));
  for (const { status, bytes } of answers) {
    expect(status).toBe(200);
    expect(await (await open(bytes)).output(1)).toBe('Running: echo one\none\n');
  }
  expect((await log()).match(/Generated debug bundle successful/g)?.length).toBeLessThan(4);
});

test('should send the whole of a bundle that is not the one of which a part was received', async () => {
  await commands('echo one');
  const call = appliance.signed('GET', '/debug').set('Range', 'bytes=100-');
  const { status, headers, bytes } = await download(call);
  expect([status, headers['accept-ranges'], headers['content-range']]).toEqual([200, undefined, undefined]);
  expect(await (await open(bytes)).output(1)).toBe('Running: echo one\none\n');
});

test('should never have the key on the disk, and nothing in plain after it', async () => {
  const { paths, root } = appliance;
  await commands(
    `ls -la ${paths.debugDirectory} ${join(paths.debugDirectory, 'debug')}`,
    'echo plain-secret',
  );
  const { output } = await bundle();
  expect(await output(1)).toMatch(/drwx------/);
  expect(await output(1)).not.toMatch(/key/);
  const { bytes } = await get();
  const found = (text: string) =>
    execFileSync('sh', ['-c', 'grep -rlF -e "$1" "$2" || :', 'sh', text, join(root, 'opt')], {
      encoding: 'utf8',
    });
  expect(found('plain-secret').split('\n').filter(Boolean)).toEqual([paths.debugList]);
  expect(bytes.includes('plain-secret')).toBe(false);
});

describe('refusals', () => {
  test('should 404 without debug.txt or without updates.pub, and say why in the log', async () => {
    const { paths } = appliance;
    expect(await refused()).toEqual([404, '{"Status":"404 Not Found"}']);
    expect(await log()).toMatch(/debug\.txt is missing\n.*Invalid or missing debug file\n$/);
    await commands('echo one');
    await rm(paths.updatesPublicKey);
    expect(await refused()).toEqual([404, '{"Status":"404 Not Found"}']);
    expect(await log()).toMatch(/updates\.pub is missing\n.*Invalid or missing debug file\n$/);
    expect(await appliance.read(paths.debugStatus)).toBe('failed\n');
    expect(existsSync(paths.auditLog)).toBe(false);
  });

  test.each([
    ['is broken', '-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n'],
    ['is empty', ''],
  ])('should 400 before anything runs when updates.pub %s', async (_what, content) => {
    await commands(`touch ${join(appliance.root, 'ran')}`);
    await appliance.write(appliance.paths.updatesPublicKey, content);
    expect(await refused()).toEqual([
      400,
      '{"Status":"400 Bad Request","Error-Message":"updates.pub is not an RSA public key in PEM form"}',
    ]);
    expect(existsSync(join(appliance.root, 'ran'))).toBe(false);
  });

  test.each([
    [
      'debug.txt has more than 1000 commands',
      ({ debugList }: Paths) => debugList,
      'touch ran\n'.repeat(1001),
    ],
    ['debug.txt is larger than 1048576 bytes', ({ debugList }: Paths) => debugList, '\n'.repeat(2 ** 20 + 1)],
    ['logs.txt is larger than 1048576 bytes', ({ logsList }: Paths) => logsList, '\n'.repeat(2 ** 20 + 1)],
  ])('should 400 when %s', async (message, fileOf, content) => {
    await commands('echo one');
    await appliance.write(fileOf(appliance.paths), content);
    expect(await refused()).toEqual([400, `{"Status":"400 Bad Request","Error-Message":"${message}"}`]);
  });

  test('should refuse HEAD, POST and strangers, and run nothing', async () => {
    await commands('echo one');
    const calls = [
      appliance.signed('HEAD', '/debug'),
      appliance.signed('POST', '/debug'),
      appliance.call('GET', '/debug'),
    ];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([400, 400, 403]);
    expect(existsSync(appliance.paths.debugLog)).toBe(false);
  });

  testWithMount(
    'should 400 when the disk is full, keep the last bundle, and leave nothing in plain',
    async () => {
      const { paths } = appliance;
      await commands('echo one');
      await bundle();
      const before = await stat(paths.debugBundle);
      const unmount = mountTmpfs(paths.tmp, '64k');
      try {
        await commands('head -c 200000 /dev/urandom', 'echo last');
        await appliance.write(paths.logsList, '/big');
        execFileSync('dd', [
          'if=/dev/urandom',
          `of=${join(appliance.root, 'big')}`,
          'bs=100k',
          'count=2',
          'status=none',
        ]);
        expect(await refused()).toEqual([400, expect.stringContaining('Not enough disk space')]);
        expect(await readdir(paths.tmp)).toEqual([]);
      } finally {
        unmount();
      }
      expect((await stat(paths.debugBundle)).ino).toBe(before.ino);
    },
  );
});
