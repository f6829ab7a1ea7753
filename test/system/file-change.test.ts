import { execFileSync } from 'node:child_process';
import { linkSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../src/core/errors.js';
import { findFileChange, replaceFiles } from '../../src/system/file-change.js';
import { makeImmutable } from '../support/immutable.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithImmutable } from '../support/test-with-immutable.js';
import { testWithMount } from '../support/test-with-mount.js';
import { describeTree } from '../support/tree.js';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-file-change-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

testWithMount('a read-only directory: that is the reason, and nothing is left to be put back', async () => {
  const journal = join(work, 'journal');
  const [first, second] = [join(work, 'first'), join(work, 'fixed/second')];
  const unmount = mountTmpfs(join(work, 'fixed'), '64k');
  try {
    for (const file of [first, second]) await writeFile(file, 'old');
    execFileSync('mount', ['-o', 'remount,ro', join(work, 'fixed')]);
    const change = replaceFiles(journal, [
      { file: first, content: 'new', mode: 0o644 },
      { file: second, content: 'new', mode: 0o644 },
    ]);
    await expect(change).rejects.toThrow('EROFS: read-only file system, open');
    expect(await findFileChange(journal)).toBeUndefined();
    expect(await Promise.all([first, second].map((file) => readFile(file, 'utf8')))).toEqual(['old', 'old']);
    expect((await readdir(work)).sort()).toEqual(['first', 'fixed']);
  } finally {
    unmount();
  }
});

testWithImmutable(
  'a file that nobody may replace: that is the reason, and all are as they were',
  async () => {
    const files = ['first', 'fixed', 'second', 'made'].map((name) => join(work, name));
    for (const file of files.slice(0, -1)) await writeFile(file, 'old');
    const restore = makeImmutable(join(work, 'fixed'));
    try {
      const replacements = files.map((file) => ({ file, content: 'new', mode: 0o644 }));
      const change = replaceFiles(join(work, 'journal'), replacements);
      await expect(change).rejects.toThrow('EPERM: operation not permitted, rename');
      const contents = await Promise.all(files.slice(0, -1).map((file) => readFile(file, 'utf8')));
      expect(contents).toEqual(['old', 'old', 'old']);
      expect((await readdir(work)).sort()).toEqual(['first', 'fixed', 'second']);
    } finally {
      restore();
    }
  },
);

test('what cannot be put back keeps nothing else from it, and the change can be found', async () => {
  const journal = join(work, 'journal');
  const [first, second] = [join(work, 'first'), join(work, 'second')];
  for (const file of [first, second]) await writeFile(file, 'old');
  const replacements = [first, second].map((file) => ({ file, content: 'new', mode: 0o644 }));
  const change = await replaceFiles(journal, replacements);
  await rm(second);
  await mkdir(join(second, 'in-the-way'), { recursive: true });
  await expect(change.putBack()).rejects.toThrow('EISDIR');
  expect(await readFile(first, 'utf8')).toBe('old');
  await rm(second, { recursive: true });
  const found = await findFileChange(journal);
  await found?.putBack();
  await found?.close();
  expect(await readFile(second, 'utf8')).toBe('old');
  expect((await readdir(work)).sort()).toEqual(['first', 'second']);
});

test('a directory that is removed meanwhile keeps nothing else from being put back, and the change is closed', async () => {
  const journal = join(work, 'journal');
  const [first, second] = [join(work, 'first/file'), join(work, 'second/file')];
  for (const file of [first, second]) {
    await mkdir(dirname(file));
    await writeFile(file, 'old');
  }
  const replacements = [first, second].map((file) => ({ file, content: 'new', mode: 0o644 }));
  const change = await replaceFiles(journal, replacements);
  await rm(dirname(second), { recursive: true });
  expect(await change.putBack()).toBeUndefined();
  expect(await readFile(first, 'utf8')).toBe('old');
  await change.close();
  expect([await readdir(work), await readdir(dirname(first))]).toEqual([['first'], ['file']]);
});

test('a file that can have no second name is put back as it was', async () => {
  const [file, names] = [join(work, 'file'), join(work, 'names')];
  await writeFile(file, 'old', { mode: 0o640 });
  if (process.geteuid?.() === 0) await chown(file, 65534, 65533);
  await utimes(file, 1_000_000_000, 1_000_000_000);
  const before = describeTree(work);
  await mkdir(names);
  giveAllNames(file, names);
  const change = await replaceFiles(join(work, 'journal'), [{ file, content: 'new', mode: 0o644 }]);
  await rm(names, { recursive: true });
  await change.putBack();
  await change.close();
  expect(describeTree(work)).toEqual(before);
});

/** Until its file system has no more for it. */
function giveAllNames(file: string, directory: string): void {
  for (let number = 0; number < 100_000; number += 1) {
    try {
      linkSync(file, join(directory, String(number)));
    } catch (error) {
      if (errnoOf(error) !== 'EMLINK') throw error;
      return;
    }
  }
}

test('a file that a power cut left with its staged name, too, is put back', async () => {
  const [journal, file, made] = [join(work, 'journal'), join(work, 'file'), join(work, 'made')];
  await writeFile(file, 'old');
  await replaceFiles(
    journal,
    [file, made].map((name) => ({ file: name, content: 'new', mode: 0o644 })),
  );
  const { entries } = JSON.parse(await readFile(journal, 'utf8')) as {
    entries: { file: string; staged: string }[];
  };
  for (const entry of entries) linkSync(entry.file, entry.staged);
  const found = await findFileChange(journal);
  await found?.putBack();
  await found?.close();
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(work)).toEqual(['file']);
});

test('what was put back is put back again by whoever finds it before it is closed', async () => {
  const [journal, file, made] = [join(work, 'journal'), join(work, 'file'), join(work, 'made')];
  await writeFile(file, 'old');
  const replacements = [file, made].map((name) => ({ file: name, content: 'new', mode: 0o644 }));
  await (await replaceFiles(journal, replacements)).putBack();
  const found = await findFileChange(journal);
  expect(found?.isCommitted).toBe(false);
  await found?.putBack();
  await found?.close();
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(work)).toEqual(['file']);
});

test('a commit that was tried is taken back before anything is put back', async () => {
  const [journal, file] = [join(work, 'journal'), join(work, 'file')];
  await writeFile(file, 'old');
  const change = await replaceFiles(journal, [{ file, content: 'new', mode: 0o644 }]);
  await change.commit('note');
  await change.putBack();
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await findFileChange(journal)).toMatchObject({ isCommitted: false, note: undefined });
});

test.each([
  '',
  'null',
  '5',
  '{}',
  '{"a":{"a":1}}',
  '{"entries":[],"isCommitted":"yes"}',
  '{"entries":{},"isCommitted":true}',
  '{"entries":[null],"isCommitted":false}',
  '{"entries":[{"file":"/a"}],"isCommitted":false}',
  '{"entries":[{"file":"/a","staged":"/b","old":1}],"isCommitted":false}',
  '{"entries":[{"file":"/a","staged":"/b","old":null}],"isCommitted":false}',
])('the damaged journal %s tells nothing, and the next change replaces it', async (text) => {
  const [journal, file] = [join(work, 'journal'), join(work, 'file')];
  await writeFile(journal, text);
  expect(await findFileChange(journal)).toBeUndefined();
  const change = await replaceFiles(journal, [{ file, content: 'new', mode: 0o644 }]);
  expect(await findFileChange(journal)).toMatchObject({ isCommitted: false });
  await change.putBack();
  await change.close();
  expect(await readdir(work)).toEqual([]);
});
