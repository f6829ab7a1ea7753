import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Header } from 'tar';
import { packageCommand } from '../../src/commands/package.js';
import { createPackage } from '../../src/package/create.js';
import { inspectPackage } from '../../src/package/inspect.js';
import { generateUpdateKeys, type UpdateKeys } from '../../src/package/keys.js';
import { tarMember } from '../../src/package/tar-writer.js';
import { run, temporaryDirectories } from './fixtures.js';
import { describeWith, hasTool } from '../support/tools.js';

const temporaryDirectory = temporaryDirectories();

let keys: UpdateKeys;

beforeAll(async () => {
  keys = await generateUpdateKeys(await temporaryDirectory());
});

describe('generateUpdateKeys', () => {
  test('writes a 64-digit key and an RSA pair, the secret ones for the owner only', async () => {
    const directory = join(await temporaryDirectory(), 'new');
    const { key, publicKey, privateKey } = await generateUpdateKeys(directory);
    expect((await readdir(directory)).sort()).toEqual(['updates.key', 'updates.private.pem', 'updates.pub']);
    expect(await readFile(key, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect(await readFile(publicKey, 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(await readFile(privateKey, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const modes = await Promise.all(
      [key, publicKey, privateKey].map(async (file) => (await stat(file)).mode & 0o777),
    );
    expect(modes).toEqual([0o600, 0o644, 0o600]);
  });

  test.each(['updates.key', 'updates.pub', 'updates.private.pem'])('never overwrites %s', async (name) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, name), 'mine');
    await expect(generateUpdateKeys(directory)).rejects.toThrow(
      `${name} exists already; keys are never overwritten`,
    );
    expect(await readdir(directory)).toEqual([name]);
    expect(await readFile(join(directory, name), 'utf8')).toBe('mine');
  });
});

describe('createPackage', () => {
  test('makes a package that inspectPackage accepts', async () => {
    const directory = await contentDirectory();
    const outputFile = join(await temporaryDirectory(), 'software_package-1.1.0.enc');
    const created = await createPackage(optionsFor(directory, outputFile));
    expect(created).toEqual({ version: '1.1.0', sizeBytes: (await stat(outputFile)).size });
    const report = await inspectPackage({
      packageFile: outputFile,
      keyFile: keys.key,
      publicKeyFile: keys.publicKey,
    });
    expect(report).toMatchObject({ derivation: 'pbkdf2-sha256', version: '1.1.0', hasUpdateScript: true });
    expect(report.packageBytes).toBe(created.sizeBytes);
    expect(report.entries.map(({ path, mode, sizeBytes }) => [path, mode.toString(8), sizeBytes])).toEqual([
      ['empty', '755', 0],
      ['lib', '755', 0],
      ['lib/big', '644', 3_000_000],
      [`lib/${'n'.repeat(150)} ä`, '644', 4],
      ['lib/twin', '644', 3_000_000],
      ['update.sh', '755', 7],
      ['version.txt', '644', 6],
    ]);
    expect(report.entries.at(-1)?.mtime).toEqual(new Date('2026-01-02T03:04:05Z'));
    expect(await readdir(join(outputFile, '..'))).toEqual(['software_package-1.1.0.enc']);
  });

  test('makes a package without a version', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'data'), 'x');
    const outputFile = join(await temporaryDirectory(), 'out.enc');
    expect(await createPackage(optionsFor(directory, outputFile))).toMatchObject({ version: undefined });
  });

  test('replaces an older package', async () => {
    const outputFile = join(await temporaryDirectory(), 'out.enc');
    await writeFile(outputFile, 'older');
    await createPackage(optionsFor(await contentDirectory(), outputFile));
    expect((await readFile(outputFile)).toString('latin1', 0, 8)).toBe('Salted__');
  });

  type Flaw = [title: string, prepare: (directory: string) => Promise<void> | void, message: string];
  const makeFifo = (d: string) => void execFileSync('mkfifo', [join(d, 'pipe')]);
  const fifo: Flaw[] = hasTool('mkfifo') ? [['a FIFO', makeFifo, '"pipe" cannot be packed']] : [];

  test.each<Flaw>([
    ['a symbolic link', (d) => symlink('/etc', join(d, 'lib/link')), '"lib/link" cannot be packed'],
    ...fifo,
    [
      'a name with a line feed',
      (d) => writeFile(join(d, 'a\nb'), ''),
      '"a?b" has control characters in its name',
    ],
  ])('names %s, and leaves nothing behind', async (_title, prepare, message) => {
    const directory = await contentDirectory();
    await prepare(directory);
    const output = await temporaryDirectory();
    await writeFile(join(output, 'out.enc'), 'older');
    await expect(createPackage(optionsFor(directory, join(output, 'out.enc')))).rejects.toThrow(message);
    expect(await readdir(output)).toEqual(['out.enc']);
    expect(await readFile(join(output, 'out.enc'), 'utf8')).toBe('older');
  });

  test.each([
    ['a missing directory', { directory: '/nonexistent' }, '/nonexistent is not a directory'],
    ['a missing output directory', { outputFile: '/nonexistent/out.enc' }, '/nonexistent is not a directory'],
    ['a missing key', { keyFile: '/nonexistent/updates.key' }, 'Cannot read updates.key: No such file'],
    ['a missing private key', { privateKeyFile: '/nonexistent/k.pem' }, 'Cannot read k.pem: No such file'],
  ])('refuses %s', async (_title, change, message) => {
    const options = optionsFor(await contentDirectory(), join(await temporaryDirectory(), 'out.enc'));
    await expect(createPackage({ ...options, ...change })).rejects.toThrow(message);
  });

  test('refuses a version.txt that is a directory', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'version.txt'));
    const options = optionsFor(directory, join(await temporaryDirectory(), 'out.enc'));
    await expect(createPackage(options)).rejects.toThrow(/version\.txt is a directory$/);
  });

  test('refuses a public key for signing', async () => {
    const options = optionsFor(await contentDirectory(), join(await temporaryDirectory(), 'out.enc'));
    await expect(createPackage({ ...options, privateKeyFile: keys.publicKey })).rejects.toThrow(
      'updates.pub is not an RSA private key in PEM form',
    );
  });

  test('refuses to write the package into what it packs', async () => {
    const directory = await contentDirectory();
    for (const outputFile of [join(directory, 'out.enc'), join(directory, 'lib/out.enc')]) {
      await expect(createPackage(optionsFor(directory, outputFile))).rejects.toThrow(
        'the directory that it packs',
      );
    }
  });
});

describe('tarMember', () => {
  test('states sizes over 8 GiB', async () => {
    const member = {
      path: 'big',
      type: 'File',
      mode: 0o644,
      mtime: new Date(0),
      sizeBytes: 2 ** 34,
    } as const;
    const first = await tarMember(member, []).next();
    expect(new Header(first.value as Buffer).size).toBe(2 ** 34);
  });

  test.each([[['ab']], [['ab', 'cd']]])(
    'fails when the content is not as long as stated: %j',
    async (chunks) => {
      const member = { path: 'f', type: 'File', mode: 0o644, mtime: new Date(0), sizeBytes: 3 } as const;
      const read = async () => {
        for await (const _chunk of tarMember(
          member,
          chunks.map((chunk) => Buffer.from(chunk)),
        ))
          continue;
      };
      await expect(read()).rejects.toThrow('"f" changed while it was packed');
    },
  );
});

describeWith('openssl', 'tar')('a package made by createPackage', () => {
  test('is opened, verified and extracted by openssl and tar', async () => {
    const directory = await contentDirectory();
    const work = await temporaryDirectory();
    const file = (name: string) => join(work, name);
    await createPackage(optionsFor(directory, file('package.enc')));
    const pass = ['-pass', `file:${keys.key}`];
    const decrypt = ['aes-256-cbc', '-d', '-md', 'sha256', '-pbkdf2', '-salt'];
    run('openssl', ...decrypt, '-in', file('package.enc'), '-out', file('outer.tar'), ...pass);
    const members = run('tar', '-tf', file('outer.tar')).trim().split('\n');
    expect(members).toEqual(['software_package.tar.gz', 'software_package.tar.gz.sign']);
    run('tar', '-C', work, '-xf', file('outer.tar'));
    const [archive = '', sign = ''] = members.map(file);
    expect(run('openssl', 'dgst', '-sha256', '-verify', keys.publicKey, '-signature', sign, archive)).toBe(
      'Verified OK\n',
    );
    await mkdir(file('content'));
    run('tar', '-C', file('content'), '-xzf', archive);
    run('diff', '-r', directory, file('content'));
    expect((await stat(file('content/update.sh'))).mode & 0o777).toBe(0o755);
  });
});

describe('inspectPackage', () => {
  test('refuses what an appliance would refuse', async () => {
    const outputFile = join(await temporaryDirectory(), 'out.enc');
    await createPackage(optionsFor(await contentDirectory(), outputFile));
    const options = { packageFile: outputFile, keyFile: keys.key, publicKeyFile: keys.publicKey };
    await expect(inspectPackage({ ...options, entryLimit: 6 })).rejects.toThrow(
      'more than 6 files and directories',
    );
    await truncate(outputFile, 1040);
    await expect(inspectPackage(options)).rejects.toMatchObject({ stage: 'decrypt' });
  });
});

describe('admind package', () => {
  test('keygen, create, inspect and verify fit together', async () => {
    const work = await temporaryDirectory();
    const [key, publicKey, privateKey] = ['updates.key', 'updates.pub', 'updates.private.pem'].map((n) =>
      join(work, n),
    );
    const out = join(work, 'out.enc');
    const opening = ['--key', String(key), '--public-key', String(publicKey)];
    const keygen = await call('keygen', '--dir', work);
    expect(keygen).toMatchObject({ status: 0, stderr: '' });
    expect(keygen.stdout.split('\n').map((line) => line.split('  ')[0])).toEqual([
      key,
      publicKey,
      privateKey,
      '',
    ]);
    const content = await contentDirectory();
    const create = [
      '--dir',
      content,
      '--key',
      String(key),
      '--private-key',
      String(privateKey),
      '--out',
      out,
    ];
    expect(await call('create', ...create)).toEqual({
      status: 0,
      stdout: `${out}: version 1.1.0, ${(await stat(out)).size} bytes\n`,
      stderr: '',
    });
    expect(await call('verify', out, ...opening)).toEqual({
      status: 0,
      stdout: `OK version 1.1.0, pbkdf2-sha256, 7 entries, 6017024 bytes on disk\n`,
      stderr: '',
    });
    const inspect = await call('inspect', ...opening, out);
    expect(inspect).toMatchObject({ status: 0, stderr: '' });
    expect(inspect.stdout).toContain(
      'derivation     pbkdf2-sha256\nsignature      ok\nversion        1.1.0\n',
    );
    expect(inspect.stdout).toMatch(/^drwxr-xr-x +0 .* lib\/$/m);
    expect(inspect.stdout).toMatch(/^-rwxr-xr-x +7 .* update\.sh$/m);
    expect(inspect.stdout).toMatch(/^-rw-r--r-- +6 2026-01-02 03:04 version\.txt$/m);
  });

  test('prints why a package is refused as one line, exit status 1', async () => {
    const opening = ['--key', keys.key, '--public-key', keys.publicKey];
    for (const name of ['verify', 'inspect']) {
      expect(await call(name, '/nonexistent/x.enc', ...opening)).toEqual({
        status: 1,
        stdout: '',
        stderr: 'admind: Cannot read x.enc: No such file or directory\n',
      });
    }
    expect(await call('keygen', '--dir', join(keys.key, '..'))).toEqual({
      status: 1,
      stdout: '',
      stderr: `admind: ${keys.key} exists already; keys are never overwritten\n`,
    });
  });

  test.each([
    [[], 'package: a subcommand is missing. Allowed: keygen, create, inspect, verify'],
    [['toString'], 'package: there is no subcommand "toString". Allowed: keygen, create, inspect, verify'],
    [['keygen'], 'package keygen: missing option --dir. Usage: admind package keygen --dir DIR'],
    [['keygen', '--dir'], "package keygen: Option '--dir <value>' argument missing. Usage: "],
    [['keygen', '--dir', 'x', 'y'], 'package keygen: unexpected argument "y". Usage: '],
    [['keygen', '--nonsense', 'x'], "package keygen: Unknown option '--nonsense'. Usage: "],
    [['verify', '--key', 'x', '--public-key', 'y'], 'package verify: missing argument PACKAGE. Usage: '],
    [
      ['verify', 'p', '--key', 'x'],
      'package verify: missing option --public-key. Usage: admind package verify PACKAGE',
    ],
  ])('answers wrong usage %j with one line, exit status 2', async (args, message) => {
    const { status, stdout, stderr } = await call(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.startsWith(`admind: ${message}`)).toBe(true);
    expect(stderr.indexOf('\n')).toBe(stderr.length - 1);
  });

  test.each(['keygen', 'create', 'inspect', 'verify'])(
    '%s --help shows usage and an example',
    async (name) => {
      const { status, stdout } = await call(name, '--help');
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: admind package ${name} `);
      expect(stdout).toContain(`Example:\n  admind package ${name} `);
    },
  );

  test('--help lists the subcommands', async () => {
    expect((await call('--help')).stdout).toMatch(
      /Usage: .*\n\n +keygen .*\n +create .*\n +inspect .*\n +verify /,
    );
  });
});

async function contentDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'lib'));
  await mkdir(join(directory, 'empty'));
  await writeFile(join(directory, 'update.sh'), 'exit 0\n');
  await chmod(join(directory, 'update.sh'), 0o700);
  await writeFile(join(directory, 'version.txt'), '1.1.0\n');
  await utimes(join(directory, 'version.txt'), new Date(), new Date('2026-01-02T03:04:05.678Z'));
  await writeFile(join(directory, 'lib/big'), Buffer.alloc(3_000_000, 'big'));
  await link(join(directory, 'lib/big'), join(directory, 'lib/twin'));
  await writeFile(join(directory, `lib/${'n'.repeat(150)} ä`), 'name');
  return directory;
}

function optionsFor(directory: string, outputFile: string) {
  return { directory, keyFile: keys.key, privateKeyFile: keys.privateKey, outputFile };
}

async function call(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const out = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const status = await packageCommand.run(args);
    const textOf = (spy: typeof out) => spy.mock.calls.map(([text]) => String(text)).join('');
    return { status, stdout: textOf(out), stderr: textOf(err) };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
