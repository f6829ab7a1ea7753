import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLostTail } from '../../src/system/lost-tail.js';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-lost-tail-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

test.each([
  ['nothing', '', ''],
  ['whole lines', 'one\ntwo\n', 'one\ntwo\n'],
  ['zeros at its end', `one\n${'\0'.repeat(53)}`, 'one\n'],
  ['many of them', `one\0two\n${'\0'.repeat(200_000)}`, 'one\0two\n'],
  ['half a line', 'one\ntw', 'one\ntw\n'],
  ['half a line before zeros', `one\ntw${'\0'.repeat(70_000)}`, 'one\ntw\n'],
  ['nothing else', '\0'.repeat(70_000), ''],
])('a log with %s', async (_what, text, expected) => {
  const file = join(work, 'update.log');
  await writeFile(file, text);
  await removeLostTail(file);
  expect(await readFile(file, 'utf8')).toBe(expected);
});

test('one that is missing stays missing', async () => {
  await removeLostTail(join(work, 'missing.log'));
  await expect(readFile(join(work, 'missing.log'))).rejects.toThrow('ENOENT');
});
