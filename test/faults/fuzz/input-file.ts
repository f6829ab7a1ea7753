import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Removed with the temporary directory, which is the fuzzer's own. */
const directory = mkdtempSync(join(tmpdir(), 'input-'));

/** A file with these bytes, the same one each time: what is fuzzed reads files. */
export function inputFile(bytes: Buffer): string {
  const file = join(directory, 'input');
  writeFileSync(file, bytes);
  return file;
}
