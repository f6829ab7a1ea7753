import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarFiles, type FilesToPack } from '../../src/package/tar-files.js';
import { readTar } from '../../src/package/tar-reader.js';
import { testWithUnreadable, UNREADABLE } from '../support/unreadable-file.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'admind-tar-files-'));
  await mkdir(join(root, 'log'));
  await writeFile(join(root, 'log/a.log'), 'line\n');
  await writeFile(join(root, 'log/secret'), 'secret\n');
  await symlink('loop', join(root, 'loop'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The members, and what there was trouble with. */
async function pack(files: Partial<FilesToPack>) {
  const members: string[] = [];
  const troubles: string[] = [];
  const tar = tarFiles({
    root,
    paths: ['/log'],
    excluded: [],
    onTrouble: (path) => Promise.resolve(void troubles.push(path)),
    ...files,
  });
  await readTar(tar, ({ path }) => Promise.resolve(void members.push(path)));
  return { members, troubles };
}

test('tells of a path that cannot be resolved, and passes over one that is missing', async () => {
  expect(await pack({ paths: ['/loop/a.log', '/missing/a.log', '/log/a.log/b.log', '/log/a.log'] })).toEqual({
    members: ['log/a.log'],
    troubles: ['/loop/a.log'],
  });
});

test('fails where it cannot be found out what has to be left out', async () => {
  await expect(pack({ excluded: [join(root, 'loop/secret')] })).rejects.toThrow(
    /^".*\/loop\/secret" cannot be left out: ELOOP/,
  );
});

test('leaves out what is missing, and what a link that is to be left out leads to', async () => {
  await symlink('log/secret', join(root, 'token'));
  const excluded = [join(root, 'token'), join(root, 'missing/token')];
  expect((await pack({ excluded })).members).toEqual(['log/', 'log/a.log']);
});

test.each([
  ['a missing one', ['/log'], '/manifest.json'],
  ['one that is no file', ['/log', '/loop'], '/loop'],
  ['a directory that is left out', [], '/log'],
])('fails without a file that is required: %s', async (_name, paths, required) => {
  await expect(pack({ paths, required: [required] })).rejects.toThrow(`"${required}" could not be packed`);
});

test('succeeds with what is required', async () => {
  expect((await pack({ paths: ['/'], required: ['/', '/log/a.log'] })).members).toContain('log/a.log');
});

testWithUnreadable('leaves out what cannot be read, tells of it, and fails if it is required', async () => {
  const files = { root: '/', paths: [join(root, 'log/a.log'), UNREADABLE] };
  const { members, troubles } = await pack(files);
  expect([members, troubles]).toEqual([[join(root, 'log/a.log').slice(1)], [UNREADABLE]]);
  await expect(pack({ ...files, required: [UNREADABLE] })).rejects.toThrow('could not be packed');
});
