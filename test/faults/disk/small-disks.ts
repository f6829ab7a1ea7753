import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountTmpfs } from '../../support/tmpfs.js';

/** A directory on a small file system of its own. @returns takes it back */
export function createSmallDisk(): { readonly directory: string; close(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'admind-small-'));
  const unmount = mountTmpfs(directory, SIZE);
  return {
    directory,
    close() {
      unmount();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Mounts a small file system over each of the directories, which keep what is in them. @returns takes them back */
export function separate(directories: readonly string[]): () => void {
  const mounted = directories.map((directory) => {
    const kept = mkdtempSync(join(tmpdir(), 'admind-kept-'));
    mkdirSync(directory, { recursive: true });
    copyContent(directory, kept);
    const unmount = mountTmpfs(directory, SIZE);
    copyContent(kept, directory);
    rmSync(kept, { recursive: true });
    return unmount;
  });
  return () => mounted.forEach((unmount) => unmount());
}

/** Backups and restores leave 16 MiB free. */
const SIZE = '64m,nr_inodes=4k';

function copyContent(from: string, to: string): void {
  execFileSync('cp', ['-a', `${from}/.`, to], { stdio: 'pipe' });
}
