import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extractContents, listContents } from '../../src/package/contents.js';
import {
  memberNamed,
  paxRecord,
  rawMember,
  refusalOf,
  tarOf,
  temporaryDirectories,
  writeInner,
  type RawMember,
} from './fixtures.js';
import { describeWith } from '../support/tools.js';

const temporaryDirectory = temporaryDirectories();
const limits = { entryLimit: 1000, totalLimitBytes: 1024 * 1024 * 1024 };

describe('listContents', () => {
  test('reports the version, the update script, the entries and their bytes on disk', async () => {
    const file = await writeInner(
      await temporaryDirectory(),
      { path: './', type: '5' },
      { path: './version.txt', body: '1.10.0\nmore\n' },
      { path: './update.sh', body: 'exit 0\n', mode: 0o755 },
      { path: './files/', type: '5' },
      { path: './files/data', body: Buffer.alloc(4097) },
      { path: './files/empty' },
    );
    expect(await listContents(file, limits)).toEqual({
      version: '1.10.0',
      hasUpdateScript: true,
      entryCount: 6,
      totalBytes: 4 * 4096,
    });
  });

  test('knows version.txt and update.sh only at the top and only as files', async () => {
    const file = await writeInner(
      await temporaryDirectory(),
      { path: 'sub/version.txt', body: '1.0.0' },
      { path: 'sub/update.sh', body: 'exit 0' },
      { path: 'update.sh/', type: '5' },
      { path: 'version.txt/', type: '5' },
    );
    expect(await listContents(file, limits)).toMatchObject({ version: undefined, hasUpdateScript: false });
  });

  test.each([
    ['', undefined],
    ['\n1.0.0', undefined],
    ['1.0.0', '1.0.0'],
    [' 1.0.0\r\n', '1.0.0'],
    ['1.0\u001b[31m', '1.0?[31m'],
  ])('reads version.txt %j as %j', async (body, version) => {
    const file = await writeInner(
      await temporaryDirectory(),
      { path: 'version.txt', body },
      { path: 'after' },
    );
    expect(await listContents(file, limits)).toMatchObject({ version, entryCount: 2 });
  });

  test('reads only the first 256 bytes of version.txt and skips the rest', async () => {
    const body = `${'9'.repeat(100)}\n${'x'.repeat(1_000_000)}`;
    const file = await writeInner(
      await temporaryDirectory(),
      { path: 'version.txt', body },
      { path: 'after' },
    );
    expect(await listContents(file, limits)).toMatchObject({ version: '9'.repeat(100), entryCount: 2 });
  });

  test('accepts repeated directories, backslashes, long names and non-ASCII names', async () => {
    const file = await writeInner(
      await temporaryDirectory(),
      { path: 'a', type: '5' },
      { path: './a/', type: '5' },
      { path: 'a/C:\\..\\b', body: 'x' },
      paxRecord('path', `${'ä'.repeat(120)}/${'b'.repeat(200)}`),
      { path: 'short' },
      { path: '././@LongLink', type: 'L', body: `${'c'.repeat(150)}\0` },
      { path: 'cut' },
    );
    const paths: string[] = [];
    await listContents(file, limits, (_entry, { path }) => void paths.push(path));
    expect(paths).toEqual([
      'a',
      'a',
      'a/C:\\..\\b',
      `${'ä'.repeat(120)}/${'b'.repeat(200)}`,
      'c'.repeat(150),
    ]);
  });

  test.each<[string, (RawMember | Buffer)[], string]>([
    ['an absolute path', [{ path: '/etc/passwd' }], '"/etc/passwd" has an absolute path'],
    [
      'an absolute path in a pax header',
      [paxRecord('path', '/x'), { path: 'y' }],
      '"/x" has an absolute path',
    ],
    ['".."', [{ path: '../x' }], '"../x" has a ".." in its path'],
    ['".." in the middle', [{ path: 'a/../../x' }], 'has a ".." in its path'],
    ['".." at the end', [{ path: 'a/..', type: '5' }], 'has a ".." in its path'],
    [
      'a symbolic link',
      [{ path: 'l', type: '2', linkpath: '/etc' }],
      'is not a regular file or directory (SymbolicLink)',
    ],
    ['a hard link', [{ path: 'a' }, { path: 'l', type: '1', linkpath: 'a' }], 'directory (Link)'],
    ['a character device', [{ path: 'd', type: '3' }], 'directory (CharacterDevice)'],
    ['a block device', [{ path: 'd', type: '4' }], 'directory (BlockDevice)'],
    ['a FIFO', [{ path: 'd', type: '6' }], 'directory (FIFO)'],
    ['a contiguous file', [{ path: 'd', type: '7' }], 'directory (ContiguousFile)'],
    ['a GNU sparse file', [{ path: 'd', type: 'S' }], 'directory (SparseFile)'],
    ['a multi-volume continuation', [{ path: 'd', type: 'M' }], 'directory (ContinuationFile)'],
    ['an unknown type', [{ path: 'd', type: 'Z', body: 'x' }], 'directory (Unsupported)'],
    [
      'a pax sparse file',
      [paxRecord('GNU.sparse.major', '1'), { path: 'd' }],
      'sparse files are not supported',
    ],
    ['a file twice', [{ path: 'a' }, { path: './a' }], '"./a" is in it twice'],
    ['a file twice, told apart by "/./"', [{ path: 'b/a' }, { path: 'b/.//a' }], '"b/.//a" is in it twice'],
    [
      'a file that becomes a directory',
      [{ path: 'a' }, { path: 'a', type: '5' }],
      'both a file and a directory',
    ],
    [
      'a directory that becomes a file',
      [{ path: 'a', type: '5' }, { path: 'a' }],
      'both a file and a directory',
    ],
    [
      'an implied directory that becomes a file',
      [{ path: 'a/b' }, { path: 'a' }],
      'both a file and a directory',
    ],
    ['a file as a parent', [{ path: 'a' }, { path: 'a/b' }], '"a/b" lies below a file of the package'],
    ['a file named "."', [{ path: '.' }], '"." is not a file name'],
    ['a control character', [{ path: 'a\nb' }], '"a?b" has control characters in its name'],
    ['an escape sequence', [{ path: '\u001b[2J' }], '"?[2J" has control characters'],
    [
      'a line feed in a pax name',
      [paxRecord('path', 'a\nb'), { path: 'y' }],
      '"a?b" has control characters in its name',
    ],
    [
      'NUL in a pax name',
      [paxRecord('path', 'a\0b'), { path: 'y' }],
      'an extended header holds an unusable name',
    ],
    [
      'a name that is not UTF-8',
      [memberNamed(Buffer.from([0x61, 0xff]))],
      '"a?" has a name that is not UTF-8',
    ],
    [
      'a path over 4096 bytes',
      [paxRecord('path', 'a/'.repeat(2050) + 'b'), { path: 'y' }],
      'path longer than 4096 bytes',
    ],
    [
      'a name over 255 bytes',
      [paxRecord('path', 'a'.repeat(256)), { path: 'y' }],
      'name longer than 255 bytes',
    ],
    [
      'a size for all entries',
      [
        rawMember({ path: 'g', type: 'g', body: '12 size=600\n' }),
        paxRecord('size', '3'),
        { path: 'a', body: 'abc' },
      ],
      'a global header states a size',
    ],
    [
      'an endless pax header',
      [rawMember({ path: 'p', type: 'x', body: Buffer.alloc(1024 * 1024 + 1) }), { path: 'a' }],
      'an extended header is too long',
    ],
    ['a bad checksum', [rawMember({ path: 'a' }), Buffer.alloc(512, 0x41)], 'checksum failure'],
    ['no entry at all', [], 'it holds nothing'],
    [
      'an archive that is compressed twice',
      [gzipSync(tarOf({ path: 'a' })), Buffer.alloc(512)],
      'it is compressed',
    ],
  ])('refuses %s', async (_title, members, message) => {
    const refusal = await refusalOf(
      listContents(await writeInner(await temporaryDirectory(), ...members), limits),
    );
    expect(refusal.stage).toBe('extract');
    expect(refusal.message).toContain(message);
    expect(refusal.message).toMatch(/^[ -~]{1,300}$/);
  });

  test('shows at most 100 characters of a name', async () => {
    const file = await writeInner(await temporaryDirectory(), paxRecord('path', `/${'a'.repeat(3000)}`), {
      path: 'y',
    });
    const { message } = await refusalOf(listContents(file, limits));
    expect(message).toContain(`"/${'a'.repeat(96)}..."`);
  });

  test('refuses more entries than allowed, implied directories counted', async () => {
    const directory = await temporaryDirectory();
    const file = await writeInner(directory, { path: 'a/b/c' }, { path: 'a/b/d' });
    await expect(listContents(file, { ...limits, entryLimit: 4 })).resolves.toMatchObject({ entryCount: 2 });
    const { message } = await refusalOf(listContents(file, { ...limits, entryLimit: 3 }));
    expect(message).toBe('The package holds more than 3 files and directories');
  });

  test('refuses thousands of empty files at the limit', async () => {
    const many = Buffer.concat(Array.from({ length: 3000 }, (_, index) => rawMember({ path: `f${index}` })));
    const file = await writeInner(await temporaryDirectory(), many);
    expect((await refusalOf(listContents(file, limits))).message).toContain('more than 1000');
  });

  test('refuses more bytes than allowed, small files rounded up to 4096', async () => {
    const file = await writeInner(
      await temporaryDirectory(),
      { path: 'a', body: 'x' },
      { path: 'b', body: 'x' },
    );
    await expect(listContents(file, { ...limits, totalLimitBytes: 8192 })).resolves.toMatchObject({
      totalBytes: 8192,
    });
    const { message } = await refusalOf(listContents(file, { ...limits, totalLimitBytes: 8191 }));
    expect(message).toBe('The contents of the package need more than 8191 bytes');
  });

  test('refuses a file that states a size over the limit before its body is decompressed', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'bomb.tar.gz');
    // The archive breaks off right after the header: a reader that went on would report that instead.
    await writeFile(file, gzipSync(rawMember({ path: 'zeros', size: 2 ** 40 })));
    expect((await refusalOf(listContents(file, limits))).message).toContain('need more than');
  });

  test('refuses 100 MB of zeros that lie in a few kilobytes', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'bomb.tar.gz');
    await writeFile(file, gzipSync(tarOf({ path: 'zeros', body: Buffer.alloc(100_000_000) })));
    const { message } = await refusalOf(listContents(file, { ...limits, totalLimitBytes: 1_000_000 }));
    expect(message).toBe('The contents of the package need more than 1000000 bytes');
  });

  test.each<[string, Buffer]>([
    ['behind the end of the archive', Buffer.concat([tarOf({ path: 'a' }), Buffer.alloc(50_000_000)])],
    [
      'in extended headers',
      tarOf(...Array<Buffer>(400).fill(paxRecord('comment', 'x'.repeat(100_000))), { path: 'a' }),
    ],
  ])('refuses a bomb %s', async (_title, tar) => {
    const file = join(await temporaryDirectory(), 'bomb.tar.gz');
    await writeFile(file, gzipSync(tar));
    expect((await refusalOf(listContents(file, limits))).message).toBe(
      'bomb.tar.gz inflates to far more than its files',
    );
  });

  test.each([0, 1, 2, 3, 9, 10, 11, 20, 40])(
    'refuses an archive that is cut off after %i bytes',
    async (length) => {
      const file = await writeInner(await temporaryDirectory(), { path: 'a', body: 'some text' });
      await truncate(file, length);
      const refusal = await refusalOf(listContents(file, limits));
      expect(refusal.stage).toBe('extract');
      expect(refusal.message).toContain('malformed');
    },
  );

  test.each([
    [100, 'it is cut off inside a block'],
    [512, 'it is cut off inside an entry'],
    [700, 'it is cut off inside an entry'],
    [1024, 'end-of-archive marker is missing'],
    [1100, 'it is cut off inside a block'],
  ])('refuses a tar that is cut off after %i bytes', async (length, message) => {
    const file = join(await temporaryDirectory(), 'cut.tar.gz');
    await writeFile(file, gzipSync(tarOf({ path: 'a', body: 'x' }).subarray(0, length)));
    expect((await refusalOf(listContents(file, limits))).message).toContain(message);
  });

  test('refuses damage that only the checksum of gzip shows', async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, 'damaged.tar.gz');
    const archive = gzipSync(tarOf({ path: 'a', body: 'text' }), { level: 0 });
    archive.writeUInt8(archive.readUInt8(archive.length - 8) ^ 1, archive.length - 8);
    await writeFile(file, archive);
    expect((await refusalOf(listContents(file, limits))).message).toContain('gzip: incorrect data check');
  });

  test.each([
    ['an uncompressed tar', tarOf({ path: 'a' })],
    ['text', Buffer.from('hello world, this is not gzip')],
  ])('refuses %s', async (_title, content) => {
    const file = join(await temporaryDirectory(), 'plain');
    await writeFile(file, content);
    expect((await refusalOf(listContents(file, limits))).message).toContain('gzip: incorrect header check');
  });

  test('names a file that is missing', async () => {
    const refusal = await refusalOf(listContents(join(await temporaryDirectory(), 'none.tar.gz'), limits));
    expect(refusal.message).toBe('Cannot read none.tar.gz: No such file or directory');
  });
});

describe('extractContents', () => {
  test('writes files 0640 or 0750 and directories 0750, whatever the archive and the umask say', async () => {
    const directory = await temporaryDirectory();
    const target = join(directory, 'out');
    await mkdir(target);
    const big = Buffer.alloc(3_000_001, 'abc');
    const file = await writeInner(
      directory,
      { path: './', type: '5', mode: 0o777 },
      { path: 'update.sh', body: 'exit 0\n', mode: 0o4711 },
      { path: 'a/b/big', body: big, mode: 0o666 },
      { path: 'a/', type: '5', mode: 0 },
      { path: 'a/C:\\..\\odd', body: 'odd', mode: 0 },
      { path: 'empty' },
    );
    const umask = process.umask(0o077);
    try {
      await extractContents(file, target);
    } finally {
      process.umask(umask);
    }
    const modeOf = async (path: string) => ((await stat(join(target, path))).mode & 0o7777).toString(8);
    expect(await modeOf('update.sh')).toBe('750');
    expect(await modeOf('a/b/big')).toBe('640');
    expect(await modeOf('a')).toBe('750');
    expect(await modeOf('a/b')).toBe('750');
    expect(await modeOf('a/C:\\..\\odd')).toBe('640');
    expect((await readFile(join(target, 'a/b/big'))).equals(big)).toBe(true);
    expect(await readFile(join(target, 'a/C:\\..\\odd'), 'utf8')).toBe('odd');
    expect((await stat(join(target, 'empty'))).size).toBe(0);
    expect((await stat(join(target, 'update.sh'))).mtimeMs).toBe(0);
  });

  test.each<[string, RawMember[]]>([
    ['..', [{ path: '../escaped', body: 'x' }]],
    ['an absolute path', [{ path: '/tmp/admind-escaped', body: 'x' }]],
    [
      'a symbolic link',
      [
        { path: 'l', type: '2', linkpath: '..' },
        { path: 'l/escaped', body: 'x' },
      ],
    ],
    [
      'a file twice',
      [
        { path: 'a', body: 'x' },
        { path: 'a', body: 'y' },
      ],
    ],
  ])('refuses %s on its own, too', async (_title, members) => {
    const directory = await temporaryDirectory();
    const target = join(directory, 'out');
    await mkdir(target);
    expect((await refusalOf(extractContents(await writeInner(directory, ...members), target))).stage).toBe(
      'extract',
    );
    expect((await readdir(directory)).sort()).toEqual(['out', 'software_package.tar.gz']);
  });

  test('does not replace what is there', async () => {
    const directory = await temporaryDirectory();
    const target = join(directory, 'out');
    await mkdir(target);
    await writeFile(join(target, 'a'), 'before');
    const file = await writeInner(directory, { path: 'a', body: 'after' });
    expect((await refusalOf(extractContents(file, target))).message).toBe('Cannot write a: File exists');
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('before');
  });

  test('fails at a file that is cut off', async () => {
    const directory = await temporaryDirectory();
    const target = join(directory, 'out');
    await mkdir(target);
    const file = join(directory, 'cut.tar.gz');
    await writeFile(file, gzipSync(tarOf({ path: 'a', body: Buffer.alloc(5000) }).subarray(0, 2048)));
    expect((await refusalOf(extractContents(file, target))).message).toContain('cut off inside an entry');
  });
});

describeWith('tar')('an archive made by tar', () => {
  test.each(['--format=gnu', '--format=ustar', '--format=pax', '--format=v7'])(
    'of %s is extracted',
    async (format) => {
      const directory = await temporaryDirectory();
      const source = join(directory, 'in');
      const target = join(directory, 'out');
      const long = format === '--format=v7' ? 'plain' : `${'d'.repeat(90)}/${'e'.repeat(90)}`;
      await mkdir(join(source, long), { recursive: true });
      await mkdir(target);
      await writeFile(join(source, long, 'file'), 'content');
      await writeFile(join(source, 'update.sh'), 'exit 0');
      await chmod(join(source, 'update.sh'), 0o755);
      const file = join(directory, 'inner.tar.gz');
      execFileSync('tar', ['-C', source, format, '-czf', file, '.']);
      expect(await listContents(file, limits)).toMatchObject({ hasUpdateScript: true });
      await extractContents(file, target);
      execFileSync('diff', ['-r', source, target]);
      expect((await stat(join(target, 'update.sh'))).mtime.getSeconds()).toBe(
        (await stat(join(source, 'update.sh'))).mtime.getSeconds(),
      );
    },
  );
});
