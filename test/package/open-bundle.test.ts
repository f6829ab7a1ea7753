import { execFileSync } from 'node:child_process';
import { constants, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encrypt } from '../../src/package/encrypt.js';
import { generateUpdateKeys, type UpdateKeys } from '../../src/package/keys.js';
import { openBundle } from '../../src/package/open-bundle.js';
import { admind } from '../cli/command-line.js';
import { describeWith } from '../support/tools.js';
import { rawMember, refusalOf, run, tarOf, temporaryDirectories, type RawMember } from './fixtures.js';

const temporaryDirectory = temporaryDirectories();
let work: string;
let keys: UpdateKeys;
beforeAll(async () => {
  keys = await generateUpdateKeys(await temporaryDirectory());
});
beforeEach(async () => {
  work = await temporaryDirectory();
});

const MANIFEST = JSON.stringify({
  commands: [
    { file: 'debug-1.log', command: 'uname', exitStatus: 0, signal: null, timedOut: false },
    { file: 'debug-2.log', command: 'df \u001b[2J', exitStatus: 1, signal: null, timedOut: false },
    { file: 'debug-3.log', command: 'yes', exitStatus: 153, signal: 'SIGXFSZ', timedOut: false },
    { file: 'debug-4.log', command: 'sleep 9', exitStatus: 143, signal: 'SIGTERM', timedOut: true },
  ],
});

const PASSPHRASE = randomBytes(32).toString('base64');

async function sealed(content: Buffer): Promise<Buffer> {
  const source = (async function* () {
    yield await Promise.resolve(content);
  })();
  const chunks: Buffer[] = [];
  for await (const chunk of encrypt(source, Buffer.from(PASSPHRASE))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function sealedKey(key = `${PASSPHRASE}\n`, padding = constants.RSA_PKCS1_PADDING): Promise<Buffer> {
  return publicEncrypt({ key: await readFile(keys.publicKey), padding }, Buffer.from(key));
}

const archive = (...members: (RawMember | Buffer)[]) => sealed(gzipSync(tarOf(...members)));

/** A bundle of these members, in this order. */
async function bundleOf(...members: readonly (RawMember | Buffer)[]): Promise<string> {
  const file = join(work, 'debug-bundle.tar');
  await writeFile(file, tarOf(...members));
  return file;
}

/** A bundle as an appliance makes it, of a debug archive with these members. */
async function bundle(...members: (RawMember | Buffer)[]): Promise<string> {
  return bundleOf(
    { path: 'debug.key.enc', body: await sealedKey() },
    { path: 'debug.tar.gz.enc', body: await archive(...members) },
  );
}

const open = (bundleFile: string, privateKeyFile = keys.privateKey) =>
  openBundle({ bundleFile, privateKeyFile, directory: join(work, 'opened') });

/** Nothing but the bundle is there. */
async function expectNothingLeft(): Promise<void> {
  expect((await readdir(work)).filter((name) => name.startsWith('.') || name.startsWith('opened'))).toEqual(
    [],
  );
}

describe('admind bundle open', () => {
  test('should extract a bundle and tell what was written, which commands failed, what was left out', async () => {
    const file = await bundleOf(
      {
        path: 'logs.tar.gz.enc',
        body: await archive(
          { path: 'var/log/syslog', body: 'hello\n' },
          { path: 'var/log/current', type: '2', linkpath: 'syslog' },
        ),
      },
      {
        path: 'debug.tar.gz.enc',
        body: await archive(
          { path: 'debug-1.log', body: 'Linux\n' },
          { path: 'manifest.json', body: MANIFEST },
        ),
      },
      { path: 'debug.key.enc', body: await sealedKey() },
    );
    const directory = join(work, 'opened');
    expect(await admind(['bundle', 'open', file, '--key', keys.privateKey, '--dir', directory])).toEqual({
      status: 0,
      stdout: [
        'key       pkcs1',
        `debug     ${directory}/debug: 2 files, ${6 + MANIFEST.length} bytes`,
        `logs      ${directory}/logs: 1 file, 6 bytes`,
        'commands  4, 3 failed',
        'failed    debug-2.log "df ?[2J" ended with status 1',
        'failed    debug-3.log "yes" was ended by SIGXFSZ',
        'failed    debug-4.log "sleep 9" ran too long and was stopped',
        'left out  logs: "var/log/current" is not a regular file or directory (SymbolicLink)',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(await readFile(join(directory, 'debug/debug-1.log'), 'utf8')).toBe('Linux\n');
    expect(await readdir(join(directory, 'logs/var/log'))).toEqual(['syslog']);
    expect((await readdir(directory)).sort()).toEqual(['debug', 'logs']);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('should extract into a directory with the name of the bundle, beside whoever calls', async () => {
    const directory = await temporaryDirectory();
    const call = ['bundle', 'open', await bundle({ path: 'debug-1.log' }), '--key', keys.privateKey];
    execFileSync(process.execPath, [resolve('dist/cli.js'), ...call], { cwd: directory });
    expect(await readdir(directory)).toEqual(['debug-bundle']);
  });

  test('should overwrite nothing', async () => {
    const file = await bundle({ path: 'debug-1.log' });
    const directory = join(work, 'opened');
    await mkdir(directory);
    const call = ['bundle', 'open', file, '--key', keys.privateKey, '--dir', directory];
    expect(await admind(call)).toEqual({
      status: 1,
      stdout: '',
      stderr: `admind: ${directory} exists already; nothing is overwritten\n`,
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    [[], /missing option --key/],
    [['b.tar'], /missing option --key\. Usage: admind bundle open BUNDLE --key FILE \[--dir DIR\]/],
    [['--key', 'k'], /missing argument BUNDLE/],
    [['b.tar', 'c.tar', '--key', 'k'], /unexpected argument "c\.tar"/],
    [['b.tar', '--key', 'k', '--dir', ''], /missing option --dir/],
    [['b.tar', '--key', 'k', '--force'], /Unknown option '--force'/],
  ])('%j is wrong usage', async (args, message) => {
    const { status, stderr } = await admind(['bundle', 'open', ...args]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describeWith(
  'openssl',
  'tar',
  'sh',
)('a bundle of an existing appliance, made by sh, openssl and tar', () => {
  /** @param names what is packed how; a leading `cd` decides how members are called */
  const make = (cipher: string, rsa: string, pack = 'tar -cf debug-bundle.tar *.enc') => {
    run(
      'sh',
      '-c',
      `set -e; cd "$1"; mkdir debug; echo 'Running: uname' > debug/debug-1.log
      mkdir -p var/log; echo hello > var/log/syslog; ln -s syslog var/log/current
      openssl rand -base64 32 > debug.key
      tar -czf debug.tar.gz debug; tar -czf logs.tar.gz var
      for name in debug logs; do
        openssl aes-256-cbc ${cipher} -salt -pass file:debug.key -in $name.tar.gz -out $name.tar.gz.enc 2>/dev/null
      done
      openssl pkeyutl -encrypt -pubin -inkey "$2" ${rsa} -in debug.key -out debug.key.enc
      ${pack}`,
      'sh',
      work,
      keys.publicKey,
    );
    return join(work, 'debug-bundle.tar');
  };

  test.each([
    ['-md sha256 -pbkdf2', '', undefined],
    ['-md sha256', '', undefined],
    ['-md md5', '', undefined],
    ['-md sha256 -pbkdf2', '-pkeyopt rsa_padding_mode:oaep', undefined],
    ['-md sha256 -pbkdf2', '', 'tar -cf debug-bundle.tar ./*.enc'],
    ['-md sha256 -pbkdf2', '', 'cd /; tar -cf "$1/debug-bundle.tar" "${1#/}"/*.enc'],
    [
      '-md sha256 -pbkdf2',
      '',
      'busybox tar -cf debug-bundle.tar logs.tar.gz.enc debug.tar.gz.enc debug.key.enc',
    ],
    ['-md sha256 -pbkdf2', '', 'tar --format=pax -cf debug-bundle.tar *.enc'],
  ])('opens: %s %s %s', async (cipher, rsa, pack) => {
    const { padding, archives, commands } = await open(make(cipher, rsa, pack));
    expect([padding, commands]).toEqual([rsa === '' ? 'pkcs1' : 'oaep', undefined]);
    expect(archives).toEqual({
      debug: { fileCount: 1, sizeBytes: 15, leftOut: [], leftOutCount: 0 },
      logs: {
        fileCount: 1,
        sizeBytes: 6,
        leftOut: [expect.stringContaining('SymbolicLink')],
        leftOutCount: 1,
      },
    });
    expect(await readFile(join(work, 'opened/debug/debug/debug-1.log'), 'utf8')).toBe('Running: uname\n');
    expect(await readFile(join(work, 'opened/logs/var/log/syslog'), 'utf8')).toBe('hello\n');
  });
});

describe('the private key', () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { privateKey: longer } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const passphrase = { cipher: 'aes-256-cbc', passphrase: 'secret' } as const;

  test.each([
    ['another one', rsa.export(pkcs8), 'The bundle was encrypted for another private key'],
    ['a longer one', longer.export(pkcs8), 'The bundle was encrypted for another private key'],
    ['an EC key', ec.export(pkcs8), 'key.pem is not an RSA private key in PEM form'],
    ['nonsense', 'nonsense', 'key.pem is not an RSA private key in PEM form'],
    [
      'encrypted',
      rsa.export({ ...pkcs8, ...passphrase }),
      /^key\.pem is encrypted with a passphrase: remove it with/,
    ],
    [
      'encrypted, PKCS#1',
      rsa.export({ type: 'pkcs1', format: 'pem', ...passphrase }),
      /^key\.pem is encrypted with/,
    ],
  ])('that is %s is refused in one line', async (_what, pem, message) => {
    const key = join(work, 'key.pem');
    await writeFile(key, pem);
    const refusal = await refusalOf(open(await bundle({ path: 'debug-1.log' }), key));
    expect(refusal.message).toMatch(message);
    await expectNothingLeft();
  });

  test('may be a PKCS#1 file', async () => {
    const key = join(work, 'key.pem');
    run('openssl', 'rsa', '-traditional', '-in', keys.privateKey, '-out', key);
    expect(await readFile(key, 'utf8')).toContain('BEGIN RSA PRIVATE KEY');
    await open(await bundle({ path: 'debug-1.log' }), key);
    expect(existsSync(join(work, 'opened/debug/debug-1.log'))).toBe(true);
  });
});

describe('a file that is no bundle, or damaged, is refused in one line and nothing is left', () => {
  test.each<[string, () => Promise<string>, string | RegExp]>([
    [
      'missing',
      () => Promise.resolve(join(work, 'none.tar')),
      'Cannot read none.tar: No such file or directory',
    ],
    ['a directory', () => Promise.resolve(work), /is not a debug bundle: it is not a regular file$/],
    ['empty', () => put(''), 'file is not a debug bundle: it is empty'],
    ['text', () => put('text\n'.repeat(1000)), 'file is not a debug bundle: it is not a tar archive'],
    ['compressed', () => put(gzipSync(tarOf({ path: 'debug.key.enc' }))), /it is not a tar archive$/],
    [
      'another tar',
      () => bundleOf({ path: 'readme' }),
      'debug-bundle.tar is not a debug bundle: it holds no debug.key.enc',
    ],
    [
      'a key alone',
      async () => bundleOf({ path: 'debug.key.enc', body: await sealedKey() }),
      'debug-bundle.tar is not a debug bundle: it holds neither debug.tar.gz.enc nor logs.tar.gz.enc',
    ],
    ['cut off in a member', () => cut(0.7), /^The bundle is damaged: /],
    ['cut off between blocks', () => cut(1024), /^The bundle is damaged: it is cut off/],
    ['cut off in its first header', () => cut(300), /it is not a tar archive$/],
    [
      'a member twice',
      async () => bundleOf(...(await twice())),
      'The bundle is refused: debug.key.enc is in it twice',
    ],
    [
      'a link for a member',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey() },
          { path: 'debug.tar.gz.enc', type: '2', linkpath: '/etc/passwd' },
        ),
      'The bundle is refused: debug.tar.gz.enc is not a regular file (SymbolicLink)',
    ],
    [
      'a huge key',
      () => bundleOf({ path: 'debug.key.enc', body: Buffer.alloc(20_000) }),
      'The bundle is refused: debug.key.enc has 20000 bytes, allowed are 16384',
    ],
    [
      'an empty key',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey('\n') },
          { path: 'debug.tar.gz.enc', body: 'x' },
        ),
      'The bundle was encrypted for another private key',
    ],
    [
      'sealed with another passphrase',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey('other\n') },
          { path: 'debug.tar.gz.enc', body: await archive({ path: 'a' }) },
        ),
      'debug.tar.gz.enc in the bundle was encrypted with another key, or it is not a gzip archive',
    ],
    [
      'not encrypted',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey() },
          { path: 'debug.tar.gz.enc', body: gzipSync(tarOf({ path: 'a' })) },
        ),
      'debug.tar.gz.enc in the bundle is not encrypted by openssl: it does not begin with Salted__',
    ],
    [
      'cut off inside the cipher',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey() },
          { path: 'debug.tar.gz.enc', body: (await archive({ path: 'a' })).subarray(0, -5) },
        ),
      /^debug\.tar\.gz\.enc in the bundle is cut off: \d+ bytes do not end on a cipher block$/,
    ],
    [
      'cut off by a cipher block',
      async () =>
        bundleOf(
          { path: 'debug.key.enc', body: await sealedKey() },
          {
            path: 'debug.tar.gz.enc',
            body: await sealed(gzipSync(tarOf({ path: 'a', body: randomBytes(5000) })).subarray(0, 4000)),
          },
        ),
      /^The archive in the bundle is malformed: gzip: unexpected end of file$/,
    ],
  ])('%s', async (_what, make, message) => {
    const file = await make();
    expect((await refusalOf(open(file))).message).toMatch(message);
    await expectNothingLeft();
  });

  async function put(content: string | Buffer): Promise<string> {
    const file = join(work, 'file');
    await writeFile(file, content);
    return file;
  }

  /** @param length bytes, or a part of all of them */
  async function cut(length: number): Promise<string> {
    const file = await bundle({ path: 'debug-1.log', body: randomBytes(5000) });
    await truncate(file, length < 1 ? Math.floor((await stat(file)).size * length) : length);
    return file;
  }

  async function twice(): Promise<RawMember[]> {
    const member = { path: 'debug.key.enc', body: await sealedKey() };
    return [member, { ...member, path: './debug.key.enc' }];
  }
});

describe('a hostile bundle', () => {
  test.each([
    ['a parent path', { path: '../evil' }, 'The bundle is refused: "../evil" has a ".." in its path'],
    ['a hidden parent path', { path: 'a/../../evil' }, /has a "\.\." in its path$/],
    ['an absolute path', { path: '/tmp/evil' }, 'The bundle is refused: "/tmp/evil" has an absolute path'],
    [
      'a terminal sequence',
      { path: 'a\u001b[2J' },
      'The bundle is refused: "a?[2J" has control characters in its name',
    ],
  ])('with %s is refused, and nothing of it is written', async (_what, member, message) => {
    const file = await bundle({ path: 'debug-1.log' }, member);
    expect((await refusalOf(open(file))).message).toMatch(message);
    await expectNothingLeft();
    expect(existsSync(join(work, '..', 'evil'))).toBe(false);
  });

  test('with links, devices, repetitions and files below files is extracted without them', async () => {
    const { archives } = await open(
      await bundle(
        { path: 'link', type: '2', linkpath: work },
        { path: 'link/evil', body: 'in a directory of its own' },
        { path: 'hard', type: '1', linkpath: '/etc/passwd' },
        { path: 'device', type: '3' },
        { path: 'fifo', type: '6' },
        { path: 'debug-1.log', body: 'first' },
        { path: 'debug-1.log', body: 'second' },
        { path: 'debug-1.log/below', body: 'x' },
      ),
    );
    expect(archives.debug).toMatchObject({ fileCount: 2, leftOutCount: 6 });
    expect((await readdir(join(work, 'opened/debug'))).sort()).toEqual(['debug-1.log', 'link']);
    expect(await readFile(join(work, 'opened/debug/debug-1.log'), 'utf8')).toBe('first');
    expect(existsSync(join(work, 'evil'))).toBe(false);
  });

  test('that inflates without end is refused', async () => {
    const bomb = rawMember({ path: 'link', type: '2', linkpath: 'x' });
    const file = await bundle(Buffer.concat(Array.from({ length: 40_000 }, () => bomb)));
    expect((await refusalOf(open(file))).message).toBe('debug.tar.gz inflates to far more than its files');
    await expectNothingLeft();
  });

  test('with a manifest of any shape is opened all the same', async () => {
    for (const [index, manifest] of [
      '',
      'null',
      '[]',
      '{"commands":1}',
      '{"commands":[null,1,{}]}',
      '{"commands":[{"file":{"toString":1,"valueOf":1},"exitStatus":{"toString":1,"valueOf":1}},1,{}]}',
    ].entries()) {
      const bundleFile = await bundle({ path: 'manifest.json', body: manifest });
      const directory = join(work, `shape-${index}`);
      const { commands } = await openBundle({ bundleFile, privateKeyFile: keys.privateKey, directory });
      expect(commands?.count ?? 0).toBe(index >= 4 ? 3 : 0);
    }
  });
});
