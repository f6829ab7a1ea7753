import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What lies there can neither be changed nor replaced after this, also by root. @returns takes that back */
export function makeImmutable(path: string): () => void {
  return setAttribute(path, 'i');
}

/** As {@link makeImmutable}, but for what is written to its end. */
export function makeAppendOnly(path: string): () => void {
  return setAttribute(path, 'a');
}

function setAttribute(path: string, attribute: string): () => void {
  execFileSync('chattr', [`+${attribute}`, path], { stdio: 'pipe' });
  return () => execFileSync('chattr', [`-${attribute}`, path], { stdio: 'pipe' });
}

/** Whether this user, and the file system of temporary files, can have that. */
export function mayMakeImmutable(): boolean {
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
