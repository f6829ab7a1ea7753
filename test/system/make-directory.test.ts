import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '../../src/system/make-directory.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

let work: string;
beforeEach(() => (work = mkdtempSync(join(tmpdir(), 'admind-directory-'))));
afterEach(() => rmSync(work, { recursive: true }));

test('a directory and those above it are made, also by many at once, and stay when they are there', async () => {
  const path = join(work, 'a/b/c');
  await Promise.all(Array.from({ length: 20 }, () => makeDirectory(path)));
  expect(statSync(path).isDirectory()).toBe(true);
  await makeDirectory(path);
});

test('those that are made have the mode that is asked for, the others keep theirs', async () => {
  await makeDirectory(join(work, 'old'), 0o755);
  await makeDirectory(join(work, 'old/new/newest'), 0o700);
  const modes = ['old', 'old/new', 'old/new/newest'].map((path) => statSync(join(work, path)).mode & 0o777);
  expect(modes).toEqual([0o755, 0o700, 0o700]);
});

test('the mode that is asked for is the mode, whatever the umask', async () => {
  const umask = process.umask(0o077);
  try {
    await makeDirectory(join(work, 'a/b'), 0o755);
  } finally {
    process.umask(umask);
  }
  expect(['a', 'a/b'].map((path) => statSync(join(work, path)).mode & 0o777)).toEqual([0o755, 0o755]);
});

test.each([
  ['file', 'EEXIST'],
  ['file/below', 'ENOTDIR'],
])('%s in its way: %s', async (path, code) => {
  writeFileSync(join(work, 'file'), '');
  await expect(makeDirectory(join(work, path))).rejects.toMatchObject({ code });
});

test('where nobody can make anything it ends', async () => {
  await expect(makeDirectory('/proc/nothing/below')).rejects.toMatchObject({ code: 'ENOENT' });
});

testWithMount('a full disk is told as such', async () => {
  const unmount = mountTmpfs(join(work, 'full'), '64k,nr_inodes=1');
  try {
    await expect(makeDirectory(join(work, 'full/a/b'))).rejects.toMatchObject({ code: 'ENOSPC' });
  } finally {
    unmount();
  }
});
