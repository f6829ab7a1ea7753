import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts a small file system over `directory`. @returns unmounts it, also while it is in use */
export function mountTmpfs(directory: string, size: string): () => void {
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], { stdio: 'pipe' });
  return () => execFileSync('umount', ['--lazy', directory], { stdio: 'pipe' });
}

/** Fills the file system of `file` to its last byte. */
export async function fillDisk(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    const { bavail, bsize } = await statfs(file);
    await handle.writeFile(Buffer.alloc(bavail * bsize));
  } finally {
    await handle.close();
  }
}

/** Whether this user may mount. */
export function mayMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'admind-mount-'));
  try {
    mountTmpfs(directory, '64k')();
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}
