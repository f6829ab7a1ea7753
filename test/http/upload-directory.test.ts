import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  createUploadDirectory,
  removeAbandonedUploads,
  removeUploadDirectory,
} from '../../src/http/upload-directory.js';
import { poll } from '../support/poll.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

let uploads: string;
beforeEach(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'admind-uploads-'));
});
afterEach(() => rm(uploads, { recursive: true, force: true }));

test('the directory of a request under way and the files of others are left alone', async () => {
  const directory = await createUploadDirectory(uploads, '0123456789abcdef');
  await writeFile(join(uploads, 'backup.tar'), 'kept');
  await removeAbandonedUploads(uploads);
  expect((await readdir(uploads)).sort()).toEqual([basename(directory), 'backup.tar']);
});

test.each([
  ['a process that is gone', (name: string) => name.replace(/-\d+-/, '-4194304-')],
  ['a pid that was given out again', (name: string) => name.replace(/-(\d+)-\d+-/, '-$1-1-')],
  [
    'an earlier boot',
    (name: string) =>
      name.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-/, '00000000-0000-0000-0000-000000000000-'),
  ],
  ['an earlier version', () => `.upload-${process.pid}-0123456789abcdef`],
])('what %s had received is removed', async (_who, nameOf) => {
  const current = basename(await createUploadDirectory(uploads, '0123456789abcdef'));
  const abandoned = nameOf(current);
  expect(abandoned).not.toBe(current);
  await mkdir(join(uploads, abandoned));
  await writeFile(join(uploads, abandoned, 'update'), 'half a package');
  await removeAbandonedUploads(uploads);
  expect(await readdir(uploads)).toEqual([current]);
});

test('what others put in place of a directory that is being removed is not followed', async () => {
  const [other, abandoned] = [join(uploads, 'other'), join(uploads, '.upload-1-1-0-0')];
  for (const directory of [other, join(abandoned, 'inner')]) await mkdir(directory, { recursive: true });
  await writeFile(join(other, 'kept'), '');
  for (let number = 0; number < 1000; number += 1) await writeFile(join(abandoned, `file-${number}`), '');
  const removing = removeAbandonedUploads(uploads).catch(() => undefined);
  await poll('files are being removed', async () => (await readdir(abandoned)).length < 1000);
  await rename(join(abandoned, 'inner'), join(uploads, 'away'));
  await symlink(other, join(abandoned, 'inner'));
  await removing;
  expect(await readdir(other)).toEqual(['kept']);
});

testWithMount('an upload that cannot be removed is removed as soon as it can be', async () => {
  const directory = await createUploadDirectory(uploads, '0123456789abcdef');
  await writeFile(join(directory, 'update'), 'a package');
  const unmount = mountTmpfs(join(directory, 'busy'), '64k');
  try {
    await removeUploadDirectory(directory);
    expect(await readdir(uploads)).toEqual([basename(directory)]);
  } finally {
    unmount();
  }
  await poll('it is removed', async () => (await readdir(uploads)).length === 0);
});

testWithMount(
  'an abandoned upload that cannot be removed keeps no other one, and goes as soon as it can',
  async () => {
    for (const number of [1, 2, 3]) await mkdir(join(uploads, `.upload-1-1-0-${number}`));
    const [first = ''] = await readdir(uploads);
    const unmount = mountTmpfs(join(uploads, first, 'busy'), '64k');
    try {
      await removeAbandonedUploads(uploads);
      expect(await readdir(uploads)).toEqual([first]);
    } finally {
      unmount();
    }
    await poll('it is removed', async () => (await readdir(uploads)).length === 0);
  },
);
