import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  appendFile,
  chmod,
  chown,
  link,
  mkdir,
  open,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { measureBackup, writeBackup, type BackupArchive } from '../../src/package/backup-archive.js';
import type { BackupSource } from '../../src/package/backup-members.js';
import { describeTree } from '../support/tree.js';
import { hasTool, testWith } from '../support/tools.js';
import { run, temporaryDirectories } from './fixtures.js';

const temporaryDirectory = temporaryDirectories();

let data: string;
let file: string;
let notes: string[];
beforeEach(async () => {
  const work = await temporaryDirectory();
  data = join(work, 'data');
  file = join(work, 'backup.tar');
  notes = [];
  await mkdir(data);
});

const sourceOf = (...paths: string[]): BackupSource => ({
  directory: data,
  paths,
  excluded: [join(data, '.admind-restore')],
  signal: new AbortController().signal,
});

function backUp(
  source: BackupSource,
  onProgress: (bytes: number) => Promise<void> = () => Promise.resolve(),
  limitBytes = Infinity,
): Promise<BackupArchive> {
  const note = (text: string) => Promise.resolve(void notes.push(text));
  return writeBackup(source, { file, mode: 0o644, limitBytes, onProgress, note });
}

const names = () => run('tar', '-tf', file).split('\n').slice(0, -1);
const isRoot = process.geteuid?.() === 0;

if (isRoot) {
  test('the archive belongs to the group of administrators', async () => {
    await writeFile(join(data, 'a'), 'x');
    await backUp(sourceOf('a'));
    const { uid, gid, mode } = await stat(file);
    expect([uid, gid, mode & 0o7777]).toEqual([0, 997, 0o644]);
  });
}

test('the directory may be a link to another one', async () => {
  await writeFile(join(data, 'a'), 'x');
  await symlink(data, `${data}-link`);
  await backUp({ ...sourceOf('.'), directory: `${data}-link` });
  expect([names(), notes]).toEqual([['a'], []]);
});

/** A tree with everything that a backup keeps. */
async function makeTree(): Promise<void> {
  const long = 'n'.repeat(150);
  await mkdir(join(data, `app/${'d'.repeat(90)}/${long}`), { recursive: true });
  await writeFile(join(data, `app/${'d'.repeat(90)}/${long}/${'ü'.repeat(110)}`), 'long');
  await writeFile(join(data, 'app/ünïcode and\ta tab\n.txt'), 'odd name');
  await writeFile(join(data, 'app/empty'), '');
  await writeFile(join(data, 'app/big'), Buffer.alloc(3_000_001, 'big'));
  await writeFile(join(data, 'app/program'), '#!/bin/sh\n');
  await chmod(join(data, 'app/program'), 0o4751);
  await link(join(data, 'app/program'), join(data, 'app/second-name'));
  await symlink('big', join(data, 'app/link'));
  await symlink(`${'d'.repeat(90)}/${long}/${'ü'.repeat(110)}`, join(data, 'app/long-link'));
  await mkdir(join(data, 'app/sticky'));
  await chmod(join(data, 'app/sticky'), 0o1777);
  if (isRoot) await chown(join(data, 'app/big'), 3_000_000, 3_000_001);
  await utimes(join(data, 'app/big'), 1_000_000_000, 1_000_000_000);
  await utimes(join(data, 'app'), 1_234_567_890, 1_234_567_890);
}

describe('an archive', () => {
  const extractors: [string, (directory: string) => string[]][] = [
    ['tar', (to) => ['-xpf', file, '-C', to]],
    ['bsdtar', (to) => ['-xpf', file, '-C', to]],
    ['busybox', (to) => ['tar', '-xpf', file, '-C', to]],
  ];
  for (const [program, args] of extractors) {
    testWith(program)(`is extracted by ${program} as it was`, async () => {
      await makeTree();
      await backUp(sourceOf('app'));
      const to = await temporaryDirectory();
      execFileSync(program, args(to), { stdio: 'pipe' });
      // busybox sets no times of links and those of directories before it fills them, and takes set-user-id away with the owner.
      const comparable = (lines: string[]) =>
        program === 'busybox'
          ? lines
              .filter((line) => !line.endsWith('/'))
              .map((line) => line.replace(' 4751 ', ' 751 ').replace(/ \d+ -> /, ' -> '))
          : lines;
      expect(comparable(describeTree(to))).toEqual(comparable(describeTree(data)));
      expect(notes).toEqual([]);
    });
  }

  test('is as large as was measured, in whole records, and has the hash that was told', async () => {
    await makeTree();
    const source = sourceOf('app');
    const { sha256, diskBytes } = await backUp(source);
    const bytes = await readFile(file);
    expect(bytes.length).toBe(await measureBackup(source));
    expect(bytes.length % 10_240).toBe(0);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(diskBytes).toBe(512 * (await stat(file)).blocks);
    expect((await stat(file)).mode & 0o777).toBe(0o644);
  });

  test('of the same files is the same', async () => {
    await makeTree();
    const first = await backUp(sourceOf('app'));
    await rm(file);
    expect(await backUp(sourceOf('app'))).toEqual(first);
  });

  test('of the whole directory has no entry for itself, and nothing of a restore', async () => {
    await mkdir(join(data, '.admind-restore/new'), { recursive: true });
    await mkdir(join(data, '..admind-restore.0123456789ab.left/new'), { recursive: true });
    await writeFile(join(data, 'a'), '');
    await backUp(sourceOf('.'));
    expect(names()).toEqual(['a']);
  });

  test('leaves out and names what it cannot hold', async () => {
    await mkdir(join(data, 'app'));
    await symlink('/etc/passwd', join(data, 'app/absolute'));
    await symlink('../../etc', join(data, 'app/parent'));
    await symlink('../app', join(data, 'app/inside'));
    if (hasTool('mkfifo')) run('mkfifo', join(data, 'app/pipe'));
    const server = createServer().listen(join(data, 'app/socket'));
    await writeFile(Buffer.concat([Buffer.from(join(data, 'app/')), Buffer.from([0x66, 0xff])]), 'latin');
    await backUp(sourceOf('app'));
    server.close();
    expect(names()).toEqual(['app/', 'app/inside']);
    expect(notes.map((note) => note.replace(data, '/data'))).toEqual([
      'Left out: "app/absolute" is a link that may lead out of /data',
      'Left out: "app/f?" has a name that is not UTF-8',
      'Left out: "app/parent" is a link that may lead out of /data',
      ...(hasTool('mkfifo') ? ['Left out: "app/pipe" is a named pipe'] : []),
      'Left out: "app/socket" is a socket',
    ]);
  });

  /** `change` is called when the file is being read. */
  const whileReading = async (change: (path: string) => Promise<void>) => {
    await mkdir(join(data, 'app'));
    const path = join(data, 'app/1-changing');
    await writeFile(path, Buffer.alloc(4 * 1024 * 1024, 'x'));
    await writeFile(join(data, 'app/2-after'), 'after');
    let isDone = false;
    await backUp(sourceOf('app'), async () => {
      if (!isDone) await change(path);
      isDone = true;
    });
    expect(names()).toEqual(['app/', 'app/1-changing', 'app/2-after']);
    expect(run('tar', '-xOf', file, 'app/2-after')).toBe('after');
    const header = run('tar', '-tvf', file).split('\n')[1]!;
    expect(header).toContain(` ${4 * 1024 * 1024} `);
    expect(notes).toEqual(['"app/1-changing" changed while it was backed up']);
  };

  test('of a file that shrinks while it is read stays whole, and says so', () =>
    whileReading((path) => truncate(path, 1024 * 1024)));

  test('of a file that grows while it is read stays whole, and says so', () =>
    whileReading((path) => appendFile(path, Buffer.alloc(1024 * 1024, 'y'))));

  test('of a file that is overwritten while it is read stays whole, and says so', () =>
    whileReading(async (path) => {
      const handle = await open(path, 'r+');
      await handle.write('changed', 3_000_000);
      await handle.close();
      await utimes(path, 5, 5);
    }));

  test('leaves out what vanishes between two looks', async () => {
    await mkdir(join(data, 'app'));
    for (const name of ['1', '2', '3']) await writeFile(join(data, 'app', name), Buffer.alloc(1024 * 1024));
    await backUp(sourceOf('app'), () => rm(join(data, 'app/3'), { force: true }));
    expect(names()).toEqual(['app/', 'app/1', 'app/2']);
    expect(notes).toEqual(['Left out: "app/3" has vanished']);
  });

  test('tells a new file from a deleted one of the same inode that had several names, too', async () => {
    const at = (name: string) => join(data, name);
    for (const name of ['a', 'b']) await mkdir(at(name));
    await writeFile(at('a/1'), 'old');
    await link(at('a/1'), at('a/2'));
    await writeFile(at('a/3'), Buffer.alloc(2 * 1024 * 1024));
    await backUp(sourceOf('a', 'b'), async () => {
      if (existsSync(at('b/1'))) return;
      for (const name of ['a/1', 'a/2']) await rm(at(name));
      await writeFile(at('b/1'), 'new');
      await link(at('b/1'), at('b/2'));
    });
    expect(run('tar', '-xOf', file, 'b/1')).toBe('new');
  });

  test('stops when it grows beyond its limit', async () => {
    await makeTree();
    await expect(backUp(sourceOf('app'), undefined, 1_000_000)).rejects.toThrow(
      'The backup grew beyond the 1000000 bytes that are free for it',
    );
  });
});
