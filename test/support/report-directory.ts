import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '../../src/core/errors.js';

const JSON_FILE = 'results.json';
const MARKDOWN_FILE = 'results.md';

/** What {@link writeResults} has kept in a directory, or undefined where there is nothing. */
export async function readResults<T>(directory: string): Promise<T | undefined> {
  const text = await readFile(join(directory, JSON_FILE), 'utf8').catch(ignoreMissing);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** Keeps results to be read again, and as Markdown to be read by people. */
export async function writeResults(directory: string, results: unknown, markdown: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, JSON_FILE), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(directory, MARKDOWN_FILE), `${markdown}\n`);
}

/**
 * Later rows replace earlier ones of the same key: a long run can be made in parts.
 *
 * @param names in their order
 * @param keyOf tells rows of one name apart; default: there is one row of each name
 */
export function latestOf<Row>(
  names: readonly string[],
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  keyOf = nameOf,
): readonly Row[] {
  const latest = [...new Map(rows.map((row) => [keyOf(row), row])).values()];
  return names.flatMap((name) => latest.filter((row) => nameOf(row) === name));
}
