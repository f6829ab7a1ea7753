import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAppliance } from '../../support/appliance.js';

const FILES = 60;
const DIRECTORIES = 5;

/** What a subject makes for its rounds, beside the appliance's own files. */
export async function workDirectory({ root }: TestAppliance): Promise<string> {
  const directory = join(root, 'work');
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Text that tells its round. */
export function textOf(round: number): string {
  return `round-${round}`;
}

/** The one round that all of the texts tell. */
export function roundOf(texts: readonly string[]): number {
  const rounds = new Set(texts.map((text) => Number(/round-?(\d+)/.exec(text)?.[1])));
  const [round = NaN] = rounds;
  if (rounds.size !== 1 || Number.isNaN(round)) {
    throw new Error(`a torn state: ${texts.map((text) => text.slice(0, 60)).join(' | ')}`);
  }
  return round;
}

/** Many files that tell their round, so that a part of them could be of another one. */
export async function fillDirectory(
  { write }: TestAppliance,
  directory: string,
  round: number,
): Promise<void> {
  for (let file = 0; file < FILES; file += 1) {
    const name = join(directory, String(file % DIRECTORIES), String(file));
    await write(name, `${textOf(round)}\n`.repeat(500));
  }
}

/** The first line of every file below a directory; all of them must be there. */
export function readDirectory(directory: string): string[] {
  const texts = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
  const whole = texts.filter((text) => text.length === `${text.split('\n', 1)[0] ?? ''}\n`.length * 500);
  if (whole.length !== FILES) throw new Error(`a torn state: ${whole.length} of ${FILES} files are whole`);
  return whole;
}

/** The texts of files; one that is missing tells round 0. */
export function readTexts({ read }: TestAppliance, files: readonly string[]): Promise<string[]> {
  return Promise.all(files.map((file) => read(file).catch(() => textOf(0))));
}
