import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = mkdtempSync(join(process.cwd(), 'input-'));

/** A file with these bytes, the same one each time: what is fuzzed reads files. */
export function inputFile(bytes: Buffer): string {
  const file = join(directory, 'input');
  writeFileSync(file, bytes);
  return file;
}
