import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What lies there can neither be changed nor replaced after this, also by root. @returns takes that back */
export function makeImmutable(path: string): () => void {
  execFileSync('chattr', ['+i', path], { stdio: 'pipe' });
  return () => execFileSync('chattr', ['-i', path], { stdio: 'pipe' });
}

/** `test`, or `test.skip` where this user, or the file system of temporary files, cannot have that. */
export const testWithImmutable = mayMakeImmutable() ? test : test.skip;

function mayMakeImmutable(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'admind-immutable-'));
  try {
    makeImmutable(directory)();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}
