import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePath } from '../../src/system/remove-tree.js';
import { poll } from '../support/poll.js';
import { buildProgram } from '../support/program.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

let directory: string;
let tree: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-tree-'));
  tree = join(directory, 'update');
  await mkdir(join(tree, 'a/b'), { recursive: true });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const isRoot = process.geteuid?.() === 0;

test('a path that is missing, a file, a tree: all are free afterwards, links are not followed', async () => {
  await writeFile(join(directory, 'kept'), '');
  await symlink(directory, join(tree, 'link'));
  await freePath(tree);
  await freePath(tree);
  await freePath(join(directory, 'missing/path'));
  expect(await readdir(directory)).toEqual(['kept']);
});

test('a link that takes the place of a directory meanwhile is not followed', async () => {
  const other = join(directory, 'other');
  await mkdir(other);
  await writeFile(join(other, 'kept'), '');
  for (let number = 0; number < 1000; number += 1) await writeFile(join(tree, `file-${number}`), '');
  const freeing = freePath(tree).catch(() => undefined);
  await poll('the files are being deleted', async () => (await readdir(tree)).length < 1000);
  await rename(join(tree, 'a'), join(directory, 'away'));
  await symlink(other, join(tree, 'a'));
  await freeing;
  expect(await readdir(other)).toEqual(['kept']);
});

test('a directory that its owner may not change is deleted', async () => {
  execFileSync('chmod', ['500', join(tree, 'a')]);
  // Modes do not bind root.
  if (isRoot) {
    execFileSync('chown', ['-R', '65534', directory]);
    process.seteuid?.(65534);
  }
  try {
    await freePath(tree);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(await readdir(directory)).toEqual([]);
});

describe('in a process of its own', () => {
  let work: string;
  let program: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'admind-tree-'));
    program = join(work, 'free.mjs');
    const call = "import { freePath } from '../src/system/remove-tree.js'; await freePath(process.argv[2]);";
    buildProgram(call, program);
  });
  afterAll(() => rm(work, { recursive: true }));

  test('a tree that is deeper than files may be open, and than a path is long', async () => {
    const half = `${'d'.repeat(60)}/`.repeat(50);
    const build = 'for n in 1 2; do mkdir -p "$0" && cd -P "$0"; done; mkdir beside; echo > file';
    execFileSync('bash', ['-c', build, half], { cwd: tree });
    execFileSync('bash', ['-c', 'ulimit -n 64 && exec "$@"', 'bash', process.execPath, program, tree]);
    expect(await readdir(directory)).toEqual([]);
  });

  testWithMount('a tree where there is no /proc', async () => {
    await writeFile(join(tree, 'a/b/file'), '');
    await mkdir(join(tree, 'c'));
    const script = 'mount -t tmpfs tmpfs /proc; exec "$@"';
    execFileSync('unshare', ['--mount', 'bash', '-c', script, 'bash', process.execPath, program, tree]);
    expect(await readdir(directory)).toEqual([]);
  });
});

testWithMount('what cannot be deleted is set aside, and deleted by a later call', async () => {
  mountTmpfs(join(tree, 'a/b'), '64k');
  let left = '';
  try {
    await expect(freePath(tree)).rejects.toMatchObject({ code: 'EBUSY' });
    [left = ''] = await readdir(directory);
    expect(left).toMatch(/^\.update\.[0-9a-f]{12}\.left$/);
    await expect(freePath(tree)).rejects.toMatchObject({ code: 'EBUSY' });
  } finally {
    execFileSync('umount', ['--lazy', join(directory, left, 'a/b')]);
  }
  await freePath(tree);
  expect(await readdir(directory)).toEqual([]);
});
