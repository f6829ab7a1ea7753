import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mayMount, mountTmpfs } from '../../support/tmpfs.js';
import { hasTool } from '../../support/tools.js';

/** A disk whose power can be cut. */
export interface PoweredDisk {
  /** Where it is mounted. */
  readonly directory: string;
  /** Everything that was written so far is on it when this returns. */
  sync(): void;
  /** Nothing that was only cached will ever be on it. */
  cut(how: PowerCut): void;
  /** Mounts it again as it was left. */
  plugIn(): void;
  close(): void;
}

/**
 * `lost`: only what was synced stays. `names`: the file system had just written its journal, too, so that names are there
 * whose content is not.
 */
export type PowerCut = 'lost' | 'names';

/**
 * Without auto_da_alloc, which has ext4 write the content of a file before it is renamed over another: other file systems
 * have nothing like that.
 */
const OPTIONS = 'loop,data=ordered,noauto_da_alloc';
const SIZE_BYTES = 192 * 1024 * 1024;

/** Why there can be no such disk here, in words; undefined where there can. */
export function lacksPower(): string | undefined {
  const missing = ['mkfs.ext4', 'xfs_io', 'losetup'].filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `it needs ${missing.join(', ')}`;
  return mayMount() ? undefined : 'it may not mount here';
}

export function createPoweredDisk(): PoweredDisk {
  const home = mkdtempSync(join(tmpdir(), 'admind-power-'));
  const directory = join(home, 'mounted');
  mkdirSync(directory);
  // In memory: a sync has to cross the same code, and takes no time.
  const unmountImages = mountTmpfs(join(home, 'images'), '512m');
  let number = 0;
  const image = () => join(home, 'images', String(number));
  writeFileSync(image(), '');
  truncateSync(image(), SIZE_BYTES);
  run('mkfs.ext4', '-q', '-F', image());
  const mount = () => run('mount', '-o', OPTIONS, image(), directory);
  const unmount = () => run('umount', '--lazy', directory);
  mount();
  return {
    directory,
    sync: () => run('sync', '-f', directory),
    cut: (how) => run('xfs_io', '-x', '-c', how === 'names' ? 'shutdown -f' : 'shutdown', directory),
    plugIn() {
      unmount();
      // The kernel would mount the one that was cut again, as long as anybody uses it: another mount namespace, say.
      const cut = image();
      number += 1;
      run('cp', '--sparse=always', cut, image());
      rmSync(cut);
      mount();
    },
    close() {
      unmount();
      unmountImages();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}
