import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { overwriteFile } from '../../src/system/overwrite-file.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'admind-overwrite-'));
  file = join(directory, 'status');
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(['', 'failed\n', 'running\n', 'much longer than what is written over it\n'])(
  'what was %j is the new text, and no more',
  async (before) => {
    writeFileSync(file, before);
    await overwriteFile(file, 'success\n');
    expect(readFileSync(file, 'utf8')).toBe('success\n');
  },
);

test('a reader beside it meets texts as they were written, with empty lines after them at most', async () => {
  const texts = ['{"status":"running"}\n', `{"status":"success","filesize":"${'1'.repeat(60)}"}\n`];
  writeFileSync(file, texts[0] ?? '');
  const met = new Set<string>();
  const writing = { isOver: false };
  const reading = (async () => {
    while (!writing.isOver) met.add((await readFile(file, 'utf8')).trim());
  })();
  for (let round = 0; round < 300; round += 1) await overwriteFile(file, texts[round % 2] ?? '');
  writing.isOver = true;
  await reading;
  expect([...met].sort()).toEqual(texts.map((text) => text.trim()).sort());
});

test('a file is not made', async () => {
  await expect(overwriteFile(file, 'success\n')).rejects.toThrow('ENOENT');
});

test.each([
  ['a link', symlinkSync, 'ELOOP'],
  ['a second name', linkSync, 'Has another name, too'],
])('%s does not lead to another file', async (_what, make, reason) => {
  const other = join(directory, 'other');
  writeFileSync(other, 'kept\n');
  make(other, file);
  await expect(overwriteFile(file, 'success\n')).rejects.toThrow(reason);
  expect(readFileSync(other, 'utf8')).toBe('kept\n');
});
