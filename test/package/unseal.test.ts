import { createCipheriv, createSign, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { deriveKey, type KeyDerivation } from '../../src/package/cipher.js';
import { generateUpdateKeys } from '../../src/package/keys.js';
import type { PackageError } from '../../src/package/package-error.js';
import { unsealPackage, type UnsealOptions } from '../../src/package/unseal.js';
import { rawMember, refusalOf, run, tarOf, temporaryDirectories, type RawMember } from './fixtures.js';
import { describeWith, testWith } from '../support/tools.js';

const CONTENTS = 'software_package.tar.gz';
const SIGNATURE = 'software_package.tar.gz.sign';

const temporaryDirectory = temporaryDirectories();

let keys: { key: string; publicKey: string; privateKey: string };
let otherKeys: typeof keys;
let signature: Buffer;
const inner = gzipSync(tarOf({ path: 'update.sh', body: 'exit 0\n' }));

beforeAll(async () => {
  keys = await generateUpdateKeys(await temporaryDirectory());
  otherKeys = await generateUpdateKeys(await temporaryDirectory());
  signature = createSign('RSA-SHA256')
    .update(inner)
    .sign(await readFile(keys.privateKey, 'utf8'));
});

describe('unsealPackage', () => {
  test.each<[string, () => (RawMember | Buffer)[]]>([
    [
      'contents first',
      () => [
        { path: CONTENTS, body: inner },
        { path: SIGNATURE, body: signature },
      ],
    ],
    [
      'signature first',
      () => [
        { path: SIGNATURE, body: signature },
        { path: CONTENTS, body: inner },
      ],
    ],
    [
      'with "./"',
      () => [
        { path: `./${CONTENTS}`, body: inner },
        { path: `././/${SIGNATURE}`, body: signature },
      ],
    ],
    [
      'between members that nobody asked for',
      () => [
        { path: './', type: '5' },
        { path: 'README', body: Buffer.alloc(2_000_000) },
        { path: CONTENTS, body: inner },
        { path: '/dev/x', type: '3' },
        { path: SIGNATURE, body: signature },
        { path: 'l', type: '2', linkpath: '/etc/passwd' },
        { path: '../../trailer', body: 'x' },
      ],
    ],
  ])('stages the verified archive: %s', async (_title, members) => {
    const options = await optionsFor(await seal(tarOf(...members())));
    let stagedWhenDecrypted: number | undefined;
    const onDecrypted = async () => {
      stagedWhenDecrypted = (await stat(options.stagingFile)).size;
    };
    expect(await unsealPackage({ ...options, onDecrypted })).toEqual({
      derivation: 'pbkdf2-sha256',
      sizeBytes: inner.length,
    });
    expect((await readFile(options.stagingFile)).equals(inner)).toBe(true);
    expect((await stat(options.stagingFile)).mode & 0o777).toBe(0o600);
    expect(stagedWhenDecrypted).toBe(inner.length);
  });

  test('replaces an older staging file', async () => {
    const options = await optionsFor(await seal(goodTar()));
    await writeFile(options.stagingFile, 'older', { mode: 0o644 });
    await unsealPackage(options);
    expect((await readFile(options.stagingFile)).equals(inner)).toBe(true);
    expect((await stat(options.stagingFile)).mode & 0o777).toBe(0o600);
  });

  test('passes what lies behind the end of the outer tar by', async () => {
    const options = await optionsFor(await seal(Buffer.concat([goodTar(), Buffer.alloc(3_000_001, 'x')])));
    await expect(unsealPackage(options)).resolves.toMatchObject({ sizeBytes: inner.length });
  });

  test('accepts a legacy package, and refuses it by setting', async () => {
    const options = await optionsFor(await seal(goodTar(), { derivation: 'md5' }));
    expect(await unsealPackage(options)).toMatchObject({ derivation: 'md5' });
    await expectRefusal(
      { ...options, acceptLegacy: false },
      'decrypt',
      'legacy md5 key derivation, which the setting',
    );
  });

  test('hands the failure of onDecrypted on', async () => {
    const options = await optionsFor(await seal(goodTar()));
    const onDecrypted = () => Promise.reject(new Error('stop'));
    await expect(unsealPackage({ ...options, onDecrypted })).rejects.toThrow('stop');
    await expectGone(options.stagingFile);
  });
});

describe('unsealPackage refuses, at decrypting,', () => {
  test.each<[string, Buffer, string]>([
    ['an empty package', Buffer.alloc(0), 'The package is empty'],
    ['a byte', Buffer.from('S'), 'does not begin with Salted__'],
    ['garbage', Buffer.alloc(100_000, 'garbage'), 'does not begin with Salted__'],
    ['only the magic', Buffer.from('Salted__'), 'cut off: it has only 8 bytes'],
    ['only the salt', Buffer.from('Salted__12345678'), 'cut off: it has only 16 bytes'],
    ['encrypted garbage', Buffer.from(`Salted__${'12345678'.repeat(201)}`), 'encrypted with another key'],
  ])('%s', async (_title, content, message) => {
    await expectRefusal(await optionsFor(content), 'decrypt', message);
  });

  test.each([1, 8, 15, 16, 17, 31, 512, 528, 543, 544])('a package cut to %i bytes', async (length) => {
    const options = await optionsFor((await seal(goodTar())).subarray(0, length));
    await expectRefusal(
      options,
      'decrypt',
      length < 8 ? 'Salted__' : length < 544 ? 'cut off' : 'bad padding',
    );
  });

  test.each([1, 7, 15, 16, 32, 512, 1024])('a package that lacks its last %i bytes', async (missing) => {
    const whole = await seal(goodTar());
    const options = await optionsFor(whole.subarray(0, whole.length - missing));
    await expectRefusal(
      options,
      'decrypt',
      missing % 16 === 0 ? 'bad padding' : 'do not end on a cipher block',
    );
  });

  test('a package under another key', async () => {
    const options = await optionsFor(await seal(goodTar()));
    await expectRefusal({ ...options, keyFile: otherKeys.key }, 'decrypt', 'encrypted with another key');
  });

  test('a package of which only the padding is right', async () => {
    const options = await optionsFor(await seal(Buffer.alloc(4096, 'not a tar')));
    await expectRefusal(options, 'decrypt', 'encrypted with another key, or it is not a package');
  });

  test.each([
    [
      'a damaged header',
      () => Buffer.concat([rawMember({ path: 'a' }), Buffer.alloc(512, 0x41), goodTar()]),
      'checksum',
    ],
    ['a member cut off', () => goodTar().subarray(0, 700), 'cut off'],
    ['no end marker', () => goodTar().subarray(0, -1024), 'end-of-archive marker is missing'],
  ])('an outer tar with %s', async (_title, tar, message) => {
    await expectRefusal(await optionsFor(await seal(tar())), 'decrypt', message);
  });

  test('an outer tar that is compressed: it is not inflated', async () => {
    await expectRefusal(
      await optionsFor(await seal(gzipSync(tarOf(contents(randomBytes(1000)))))),
      'decrypt',
      'it is not a package',
    );
  });

  test('an outer tar whose first name looks like gzip', async () => {
    const block = rawMember({ path: 'xx', body: 'x' });
    block.set([0x1f, 0x8b], 0);
    const sum = 0x1f + 0x8b - 2 * 0x78;
    const checksum = parseInt(block.toString('latin1', 148, 154), 8) + sum;
    block.write(checksum.toString(8).padStart(6, '0'), 148, 'latin1');
    await expectRefusal(
      await optionsFor(await seal(Buffer.concat([block, goodTar()]))),
      'decrypt',
      'it is compressed',
    );
  });

  test.each([
    ['missing', undefined, 'Cannot read updates.key: No such file or directory'],
    ['empty', '', 'The first line of updates.key is empty'],
    ['a blank line', '\nsecond', 'The first line of updates.key is empty'],
  ])('when the key file is %s', async (_title, content, message) => {
    const keyFile = join(await temporaryDirectory(), 'updates.key');
    if (content !== undefined) await writeFile(keyFile, content);
    await expectRefusal({ ...(await optionsFor(await seal(goodTar()))), keyFile }, 'decrypt', message);
  });

  test('a package that is missing, or a directory', async () => {
    const directory = await temporaryDirectory();
    const options = await optionsFor(Buffer.alloc(0));
    const packageFile = join(directory, 'missing.enc');
    await expectRefusal(
      { ...options, packageFile },
      'decrypt',
      'Cannot read missing.enc: No such file or directory',
    );
    await expectRefusal({ ...options, packageFile: directory }, 'decrypt', 'is not a regular file');
  });

  testWith('mkfifo')('a FIFO, without waiting for a writer', async () => {
    const packageFile = join(await temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [packageFile]);
    const options = await optionsFor(Buffer.alloc(0));
    await expectRefusal({ ...options, packageFile }, 'decrypt', 'pipe is not a regular file');
  });

  test('when the staging file cannot be written', async () => {
    const options = await optionsFor(await seal(goodTar()));
    const stagingFile = join(await temporaryDirectory(), 'none', 'staging');
    await expectRefusal(
      { ...options, stagingFile },
      'decrypt',
      'Cannot write staging: No such file or directory',
    );
  });
});

describe('unsealPackage refuses, at the signature,', () => {
  test.each<[string, () => (RawMember | Buffer)[], string]>([
    [
      'tampered contents',
      () => [contents(Buffer.concat([inner, Buffer.from('x')])), sign()],
      'does not match updates.pub',
    ],
    ['another signature', () => [contents(), sign(Buffer.alloc(256, 7))], 'does not match updates.pub'],
    [
      'swapped members',
      () => [
        { path: SIGNATURE, body: inner },
        { path: CONTENTS, body: signature },
      ],
      'does not match',
    ],
    ['an empty signature', () => [contents(), sign(Buffer.alloc(0))], 'does not match updates.pub'],
    ['empty contents', () => [contents(Buffer.alloc(0)), sign()], 'does not match updates.pub'],
    ['no signature', () => [contents()], `The package holds no ${SIGNATURE}`],
    ['no contents', () => [sign()], `The package holds no ${CONTENTS}`],
    [
      'members in a directory',
      () => [{ path: `a/${CONTENTS}`, body: inner }, sign()],
      `holds no ${CONTENTS}`,
    ],
    ['absolute members', () => [{ path: `/${CONTENTS}`, body: inner }, sign()], `holds no ${CONTENTS}`],
    ['contents sent twice', () => [contents(), sign(), contents()], `${CONTENTS} is in it twice`],
    [
      'contents sent twice, once with "./"',
      () => [contents(), { path: `./${CONTENTS}`, body: inner }, sign()],
      'twice',
    ],
    ['a signature sent twice', () => [contents(), sign(), sign()], `${SIGNATURE} is in it twice`],
    [
      'a signature over 16 KiB',
      () => [contents(), sign(Buffer.alloc(16_385))],
      'has 16385 bytes, allowed are 16384',
    ],
    [
      'a symbolic link',
      () => [{ path: CONTENTS, type: '2', linkpath: '/etc/shadow' }, sign()],
      'file (SymbolicLink)',
    ],
    ['a hard link', () => [contents(), { path: SIGNATURE, type: '1', linkpath: CONTENTS }], 'file (Link)'],
    ['a directory', () => [{ path: CONTENTS, type: '5' }, sign()], 'file (Directory)'],
    ['a sparse file', () => [{ path: CONTENTS, type: 'S', body: inner }, sign()], 'file (SparseFile)'],
  ])('%s', async (_title, members, message) => {
    const options = await optionsFor(await seal(tarOf(...members())));
    let isDecrypted = false;
    await expectRefusal({ ...options, onDecrypted: () => void (isDecrypted = true) }, 'signature', message);
    expect(isDecrypted).toBe(true);
  });

  test('a package signed by someone else', async () => {
    const options = await optionsFor(await seal(goodTar()));
    await expectRefusal(
      { ...options, publicKeyFile: otherKeys.publicKey },
      'signature',
      'does not match updates.pub',
    );
  });

  test.each([
    ['missing', undefined, 'Cannot read updates.pub: No such file or directory'],
    ['empty', '', 'updates.pub is not an RSA public key in PEM form'],
    ['no key', 'hello', 'updates.pub is not an RSA public key in PEM form'],
    [
      'an EC key',
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
      'updates.pub is not an RSA public key in PEM form',
    ],
  ])('when the public key is %s', async (_title, content, message) => {
    const publicKeyFile = join(await temporaryDirectory(), 'updates.pub');
    if (content !== undefined) await writeFile(publicKeyFile, content);
    await expectRefusal(
      { ...(await optionsFor(await seal(goodTar()))), publicKeyFile },
      'signature',
      message,
    );
  });
});

describeWith('openssl', 'tar')('a package made by openssl and tar', () => {
  test.each([
    ['pbkdf2-sha256', ['-md', 'sha256', '-pbkdf2']],
    ['md5', ['-md', 'md5']],
  ])('with %s is unsealed', async (derivation, options) => {
    const directory = await temporaryDirectory();
    const file = (name: string) => join(directory, name);
    await mkdir(file('content'));
    await writeFile(file('content/version.txt'), '1.1.0\n');
    await writeFile(file('content/data'), Buffer.alloc(5_000_000, 'data'));
    run('openssl', 'genrsa', '-out', file('private.pem'), '2048');
    run('openssl', 'rsa', '-in', file('private.pem'), '-pubout', '-out', file('updates.pub'));
    await writeFile(file('updates.key'), 'a pass phrase with spaces\r\nsecond line\n');
    run('tar', '-C', file('content'), '-czf', file(CONTENTS), '.');
    run('openssl', 'dgst', '-sha256', '-sign', file('private.pem'), '-out', file(SIGNATURE), file(CONTENTS));
    run('tar', '-C', directory, '-cf', file('outer.tar'), CONTENTS, SIGNATURE);
    const pass = ['-pass', `file:${file('updates.key')}`];
    run(
      'openssl',
      'aes-256-cbc',
      ...options,
      '-salt',
      '-in',
      file('outer.tar'),
      '-out',
      file('package'),
      ...pass,
    );
    const stagingFile = file('staging');
    expect(
      await unsealPackage({
        packageFile: file('package'),
        keyFile: file('updates.key'),
        publicKeyFile: file('updates.pub'),
        stagingFile,
        acceptLegacy: true,
      }),
    ).toEqual({ derivation, sizeBytes: (await stat(file(CONTENTS))).size });
    run('cmp', stagingFile, file(CONTENTS));
  });
});

function contents(body: Buffer = inner): RawMember {
  return { path: CONTENTS, body };
}

function sign(body: Buffer = signature): RawMember {
  return { path: SIGNATURE, body };
}

function goodTar(): Buffer {
  return tarOf(contents(), sign());
}

async function seal(
  tar: Buffer,
  { derivation = 'pbkdf2-sha256' }: { derivation?: KeyDerivation } = {},
): Promise<Buffer> {
  const salt = Buffer.from('saltsalt');
  const passphrase = (await readFile(keys.key)).subarray(0, 64);
  const { key, iv } = await deriveKey(derivation, passphrase, salt);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(tar), cipher.final()]);
}

async function optionsFor(content: Buffer): Promise<UnsealOptions> {
  const directory = await temporaryDirectory();
  const packageFile = join(directory, 'software_package.enc');
  await writeFile(packageFile, content);
  const stagingFile = join(directory, 'update.staging');
  return { packageFile, keyFile: keys.key, publicKeyFile: keys.publicKey, stagingFile, acceptLegacy: true };
}

async function expectRefusal(
  options: UnsealOptions,
  stage: PackageError['stage'],
  message: string,
): Promise<void> {
  const refusal = await refusalOf(unsealPackage(options));
  expect(refusal.message).toContain(message);
  expect(refusal.message).not.toContain('\n');
  expect(refusal.stage).toBe(stage);
  await expectGone(options.stagingFile);
}

async function expectGone(file: string): Promise<void> {
  await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
}
