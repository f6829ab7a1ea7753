import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createUploadDirectory, removeAbandonedUploads } from '../../src/http/upload-directory.js';

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
