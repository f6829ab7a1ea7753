import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendToFile } from '../../src/system/append-file.js';
import { fillDisk, mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

/** All but a few bytes of a block: a line that does not fit takes another one. */
const FIRST = `${'x'.repeat(4089)}\n`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'admind-append-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

testWithMount('a line that a full disk has cut stays alone', async () => {
  const unmount = mountTmpfs(directory, '64k');
  try {
    const [log, full] = [join(directory, 'audit.log'), join(directory, 'full')];
    await appendToFile(log, FIRST, 0o644);
    await fillDisk(full);
    await expect(appendToFile(log, 'a line that is cut\n', 0o644)).rejects.toThrow('ENOSPC');
    await rm(full);
    for (const line of ['next\n', 'last\n']) await appendToFile(log, line, 0o644);
    expect(await readFile(log, 'utf8')).toBe(`${FIRST}a line\nnext\nlast\n`);
  } finally {
    unmount();
  }
});

test('a file that is new or empty begins with the line', async () => {
  await writeFile(join(directory, 'empty.log'), '');
  for (const name of ['empty.log', 'new.log']) {
    await appendToFile(join(directory, name), 'one\n', 0o644);
    expect(await readFile(join(directory, name), 'utf8')).toBe('one\n');
  }
});
