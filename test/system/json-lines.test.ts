import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJsonLines, readJsonLines, readJsonLinesBackwards } from '../../src/system/json-lines.js';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'admind-lines-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

test.each([
  ['nothing', 0, 10],
  ['one line', 1, 10],
  ['a few short lines', 10, 10],
  ['lines over several chunks', 20_000, 20],
  ['lines longer than a chunk', 5, 200_000],
])('reads %s as it was written, and backwards', async (_title, count, length) => {
  const file = join(work, 'lines');
  const values = Array.from({ length: count }, (_, index) => ({
    index,
    text: 'ü\u2028\r\n'.repeat(length / 5),
  }));
  const lines = await createJsonLines<unknown>(file);
  for (const value of values) await lines.append(value);
  await lines.close();
  expect(await all(readJsonLines(file))).toEqual(values);
  expect(await all(readJsonLinesBackwards(file))).toEqual(values.toReversed());
});

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const value of values) list.push(value);
  return list;
}
