import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extractArchive } from '../../src/package/restore-archive.js';
import { ArchiveError } from '../../src/package/archive-error.js';
import { testWith } from '../support/tools.js';
import {
  paxHeader,
  paxRecord,
  rawMember,
  tarEnd,
  tarOf,
  temporaryDirectories,
  withChecksum,
  type RawMember,
} from './fixtures.js';

const temporaryDirectory = temporaryDirectories();

interface Limits {
  readonly entryLimit?: number;
  readonly totalLimitBytes?: number;
}

/** @returns where it was extracted, and the attributes of its directories */
async function extract(archive: Buffer | string, limits: Limits = {}) {
  const work = await temporaryDirectory();
  const file = typeof archive === 'string' ? archive : join(work, 'archive');
  if (typeof archive !== 'string') await writeFile(file, archive);
  const directory = join(work, 'new');
  await mkdir(directory);
  const attributesList = join(work, 'directories');
  const done = extractArchive({
    archive: file,
    directory,
    attributesList,
    target: '/data',
    reservedName: '.admind-restore',
    entryLimit: 1000,
    totalLimitBytes: 100_000_000,
    signal: new AbortController().signal,
    ...limits,
  });
  return { directory, attributesList, done };
}

async function extracted(archive: Buffer | string) {
  const { directory, attributesList, done } = await extract(archive);
  await done;
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  const attributes = (await readFile(attributesList, 'utf8')).split('\n').slice(0, -1);
  return {
    directory,
    read,
    attributes: attributes.map((line) => JSON.parse(line) as { path: string; mode: number }),
  };
}

async function refusalOf(archive: Buffer, limits?: Limits): Promise<string> {
  const { done } = await extract(archive, limits);
  const error = await done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ArchiveError))
    throw new Error(`expected a refusal, not ${String(error)}`, { cause: error });
  return error.message;
}

const a: RawMember = { path: 'a', body: 'text' };
const gnuLongName = (name: string) => rawMember({ path: '././@LongLink', type: 'L', body: `${name}\0` });

describe('archives of other programs', () => {
  const isRoot = process.geteuid?.() === 0;

  async function makeTree(): Promise<string> {
    const work = await temporaryDirectory();
    const app = join(work, 'app');
    await mkdir(join(app, 'x'.repeat(120), 'y'.repeat(120)), { recursive: true });
    await writeFile(join(app, 'x'.repeat(120), 'y'.repeat(120), 'z'.repeat(120)), 'long');
    await writeFile(join(app, 'ünïcode'), 'accents');
    await writeFile(join(app, 'program'), '#!/bin/sh\n');
    await chmod(join(app, 'program'), 0o755);
    await link(join(app, 'program'), join(app, 'program2'));
    await symlink('program', join(app, 'link'));
    await symlink(`${'x'.repeat(120)}/${'y'.repeat(120)}`, join(app, 'long-link'));
    if (isRoot) await chown(join(app, 'program'), 1234, 2345);
    await utimes(join(app, 'program'), 1_000_000_000, 1_000_000_000);
    return work;
  }

  const forms: [string, string, string[]][] = [
    ['tar', 'gnu', ['--format=gnu']],
    ['tar', 'pax', ['--format=pax']],
    ['tar', 'gzip', ['--format=gnu', '-z']],
    ['tar', './ names', ['--format=gnu', '--transform=s,^app,./app,S']],
    ['bsdtar', 'pax', ['--format=pax']],
    ['bsdtar', 'gnutar', ['--format=gnutar']],
    ['bsdtar', 'gzip', ['-z']],
    ['busybox', 'its own', []],
    ['busybox', 'gzip', ['-z']],
  ];
  for (const [program, form, options] of forms) {
    testWith(program)(`${program}, ${form}`, async () => {
      const work = await makeTree();
      const archive = join(work, 'archive');
      const tar = program === 'busybox' ? ['tar'] : [];
      execFileSync(program, [...tar, '-c', ...options, '-f', archive, '-C', work, 'app'], { stdio: 'pipe' });
      const { directory, read, attributes } = await extracted(archive);
      const long = ['x', 'y', 'z'].map((name) => name.repeat(120)).join('/');
      expect(await read(`app/${long}`)).toBe('long');
      expect(await read('app/ünïcode')).toBe('accents');
      expect(await readlink(join(directory, 'app/link'))).toBe('program');
      expect(await readlink(join(directory, 'app/long-link'))).toBe(`${'x'.repeat(120)}/${'y'.repeat(120)}`);
      const [one, two] = await Promise.all(
        ['program', 'program2'].map((name) => lstat(join(directory, 'app', name))),
      );
      expect([one!.ino, one!.mode & 0o7777, one!.mtimeMs]).toEqual([two!.ino, 0o755, 1_000_000_000_000]);
      if (isRoot) expect([one!.uid, one!.gid]).toEqual([1234, 2345]);
      expect(attributes.map(({ path }) => path)).toEqual([
        'app',
        `app/${'x'.repeat(120)}`,
        `app/${'x'.repeat(120)}/${'y'.repeat(120)}`,
      ]);
    });
  }

  testWith('tar')('tar, ustar', async () => {
    const work = await temporaryDirectory();
    const path = join('d'.repeat(60), 'e'.repeat(60), 'f'.repeat(90));
    await mkdir(join(work, path, '..'), { recursive: true });
    await writeFile(join(work, path), 'split name');
    execFileSync('tar', ['-c', '--format=ustar', '-f', join(work, 'archive'), '-C', work, 'd'.repeat(60)]);
    const { read } = await extracted(join(work, 'archive'));
    expect(await read(path)).toBe('split name');
  });

  testWith('tar')('tar -r: of a file that comes twice the last counts', async () => {
    const work = await temporaryDirectory();
    await writeFile(join(work, 'a'), 'first');
    execFileSync('tar', ['-cf', join(work, 'archive'), '-C', work, 'a']);
    await writeFile(join(work, 'a'), 'second');
    execFileSync('tar', ['-rf', join(work, 'archive'), '-C', work, 'a']);
    expect(await (await extracted(join(work, 'archive'))).read('a')).toBe('second');
  });
});

describe('a restored entry', () => {
  test('drops set-user-id and set-group-id of files', async () => {
    const { directory } = await extracted(tarOf({ ...a, mode: 0o6755 }));
    expect((await lstat(join(directory, 'a'))).mode & 0o7777).toBe(0o755);
  });

  test('keeps set-group-id of directories', async () => {
    const { attributes } = await extracted(tarOf({ path: 'd/', type: '5', mode: 0o6775 }));
    expect(attributes).toMatchObject([{ path: 'd', mode: 0o2775 }]);
  });

  test('replaces a link of the same name, and not what it leads to', async () => {
    const { read } = await extracted(
      tarOf(a, { path: 'b', type: '2', linkpath: 'a' }, { path: 'b', body: 'new' }),
    );
    expect([await read('a'), await read('b')]).toEqual(['text', 'new']);
  });

  test('may have an odd name', async () => {
    const { read } = await extracted(
      tarOf({ path: 'Icon\r', body: 'x' }, gnuLongName(`${'n'.repeat(101)}\n`), { path: 'n', body: 'y' }),
    );
    expect([await read('Icon\r'), await read(`${'n'.repeat(101)}\n`)]).toEqual(['x', 'y']);
  });

  test('may have any character in the records of a pax header, which also say where a link leads', async () => {
    const { directory, read } = await extracted(
      tarOf(
        paxHeader(['linkpath', 'x\ny'], ['path', 'a\nb=c']),
        { path: 'cut', type: '2', linkpath: 'x' },
        paxHeader(['comment', 'two lines\n13 path=other'], ['uid', '7'], ['gid', '8']),
        { path: 'own', body: 'x' },
      ),
    );
    expect(await readdir(directory)).toEqual(['a\nb=c', 'own']);
    expect(await readlink(join(directory, 'a\nb=c'))).toBe('x\ny');
    expect(await read('own')).toBe('x');
  });

  test('may be a link inside, absolute or relative', async () => {
    const { directory } = await extracted(
      tarOf(
        { path: 'd/', type: '5' },
        { path: 'd/up', type: '2', linkpath: '..' },
        { path: 'l', type: '2', linkpath: '/data/d' },
      ),
    );
    expect(await readdir(directory)).toEqual(['d', 'l']);
  });
});

describe('refuses', () => {
  const symbolic = (path: string, linkpath: string): RawMember => ({ path, type: '2', linkpath });
  const hard = (path: string, linkpath: string): RawMember => ({ path, type: '1', linkpath });
  const corrupt = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };

  test.each<[string, readonly (RawMember | Buffer)[], string]>([
    ['an absolute path', [{ path: '/etc/passwd' }], '"/etc/passwd" has an absolute path'],
    ['a parent path', [{ path: 'a/../../b' }], 'has a ".." in its path'],
    ['a parent path in a pax header', [paxRecord('path', '../b'), a], '"../b" has a ".." in its path'],
    ['a parent path in a GNU header', [gnuLongName('../b'), a], '"../b" has a ".." in its path'],
    ['the directory of restores', [{ path: './.admind-restore/old/0' }], 'has a reserved name'],
    ['what is left of it', [{ path: '..admind-restore.0123456789ab.left/0' }], 'has a reserved name'],
    ['a link to an absolute path', [symbolic('l', '/etc')], 'is a link that may lead out of /data ("/etc")'],
    ['a link to a parent', [symbolic('d/l', '../..')], 'is a link that may lead out of /data ("../..")'],
    [
      'a link out through a link',
      [symbolic('d/e/up', '../..'), symbolic('l', 'd/e/up/..')],
      '"l" is a link that may',
    ],
    [
      'a file below a link',
      [symbolic('l', 'd'), { path: 'l/x' }],
      '"l/x" lies below something that is no directory',
    ],
    ['a directory in place of a link', [symbolic('l', '.'), { path: 'l/', type: '5' }], '"l/" is both'],
    ['a link in place of a directory', [{ path: 'l/', type: '5' }, symbolic('l', 'x')], '"l" is both'],
    ['a file below a file', [a, { path: 'a/b' }], '"a/b" lies below something that is no directory'],
    ['a hard link out', [hard('l', '../etc/passwd')], '"../etc/passwd" has a ".." in its path'],
    ['a hard link to an absolute path', [hard('l', '/etc/passwd')], '"/etc/passwd" has an absolute path'],
    [
      'a hard link to nothing',
      [hard('l', 'missing'), a],
      'is a link to "missing", which is no file before it',
    ],
    ['a hard link through a link', [a, symbolic('d', '.'), hard('l', 'd/a')], 'which is no file before it'],
    [
      'a hard link to a link that leads out from there',
      [symbolic('d/e/up', '../..'), hard('up', 'd/e/up')],
      '"up" is a link that may lead out',
    ],
    ['a hard link with content', [a, { ...hard('l', 'a'), body: 'x' }], '"l" has content, but is not a file'],
    ['a character device', [{ path: 'd', type: '3' }], 'is not a file, directory or link (CharacterDevice)'],
    ['a block device', [{ path: 'd', type: '4' }], 'is not a file, directory or link (BlockDevice)'],
    ['a named pipe', [{ path: 'd', type: '6' }], 'is not a file, directory or link (FIFO)'],
    ['a GNU sparse file', [{ path: 'd', type: 'S' }], 'is not a file, directory or link'],
    ['a pax sparse file', [paxRecord('GNU.sparse.major', '1'), a], 'sparse files are not supported'],
    ['a name that is not UTF-8', [paxRecord('path', 'a\ufffd'), a], 'has a name that is not UTF-8'],
    ['a long name', [gnuLongName('n'.repeat(256)), a], 'has a name longer than 255 bytes'],
    [
      'a pax record that is no record',
      [rawMember({ path: 'p', type: 'x', body: '99 path=a\n' }), a],
      'an extended header is malformed',
    ],
    ['a negative size in a pax header', [paxRecord('size', '-1'), a], 'states an impossible size'],
    ['a size in a pax header that is no decimal', [paxRecord('size', '0x1'), a], 'states an impossible size'],
    ['an owner in a pax header that is no number', [paxRecord('uid', 'me'), a], 'states an impossible uid'],
    ['an owner that no system knows', [paxRecord('gid', '4294967296'), a], 'has an impossible owner'],
    ['a file for the top directory', [{ path: './.' }], 'is not a file name'],
    ['nothing but the top directory', [{ path: './', type: '5' }], 'The archive holds nothing'],
  ])('%s', async (_title, members, message) => {
    expect(await refusalOf(tarOf(...members))).toContain(message);
  });

  test.each<[string, Buffer, string]>([
    ['an empty file', Buffer.alloc(0), 'The archive is empty'],
    ['an empty archive', tarEnd, 'The archive is malformed: it holds nothing'],
    ['text', Buffer.from('text '.repeat(1000)), 'The archive is malformed: '],
    [
      'an archive cut off in a file',
      tarOf({ path: 'a', body: 'x'.repeat(5000) }).subarray(0, 2000),
      'malformed',
    ],
    [
      'an archive cut off after a file',
      tarOf(a).subarray(0, 1024),
      'it is cut off: the end-of-archive marker is missing',
    ],
    ['a wrong checksum', corrupt(tarOf(a, { path: 'b' }), 1030), 'malformed: checksum failure'],
    [
      'a second archive behind it',
      Buffer.concat([tarOf(a), tarOf({ path: 'b' })]),
      'something follows its end',
    ],
    [
      'garbage behind it',
      Buffer.concat([tarOf(a), Buffer.alloc(100_000), Buffer.from('x')]),
      'something follows its end',
    ],
    ['a gzip cut off', gzipSync(tarOf(a)).subarray(0, -20), 'malformed: gzip: unexpected end of file'],
    [
      'a gzip with a wrong checksum',
      corrupt(gzipSync(tarOf(a)), gzipSync(tarOf(a)).length - 6),
      'gzip: incorrect data check',
    ],
    ['a gzip in a gzip', gzipSync(gzipSync(tarOf(a))), 'it is compressed'],
  ])('%s', async (_title, archive, message) => {
    expect(await refusalOf(archive)).toContain(message);
  });

  test.each([0xff, 0x80])('an impossible size, in the form that begins with %i', async (first) => {
    const block = rawMember({ path: 'a' });
    block.fill(0xff, 124, 136)[124] = first;
    const archive = Buffer.concat([withChecksum(block), tarEnd]);
    expect(await refusalOf(archive)).toMatch(/an entry (has|states) an impossible (size|number)$/);
  });

  test.each(['-0000000001', '1x', '8'])('a size that is no octal number: %s', async (size) => {
    const block = rawMember({ path: 'a' });
    block.fill(0, 124, 136).write(size, 124);
    expect(await refusalOf(Buffer.concat([withChecksum(block), tarEnd]))).toMatch(/ has an impossible size$/);
  });

  test('too many entries', async () => {
    const many = tarOf(...Array.from({ length: 11 }, (_, index) => ({ path: `f${index}` })));
    expect(await refusalOf(many, { entryLimit: 10 })).toBe(
      'The archive holds more than 10 files, directories and links',
    );
  });

  test('more than there is room for, before it is written', async () => {
    const message = 'The archive needs more than the 10000 bytes that are free for it';
    expect(await refusalOf(tarOf({ path: 'a', size: 2 ** 32 }), { totalLimitBytes: 10_000 })).toBe(message);
    expect(await refusalOf(tarOf(a, { path: 'b' }, { path: 'c' }), { totalLimitBytes: 10_000 })).toBe(
      message,
    );
  });

  test('a gzip of far more zeros than files', async () => {
    const bomb = gzipSync(Buffer.concat([tarOf(a), Buffer.alloc(50_000_000)]));
    expect(await refusalOf(bomb)).toBe('The archive inflates to far more than its files');
  });
});

test('zeros behind the end are padding', async () => {
  const { read } = await extracted(Buffer.concat([tarOf(a), Buffer.alloc(1_000_000)]));
  expect(await read('a')).toBe('text');
});
