import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBytes } from '../../src/system/disk-space.js';

export interface SceneOptions {
  /** Tiny amounts, to see that a benchmark works. */
  readonly isQuick: boolean;
}

/** Where a benchmark takes place: a directory of its own, and what has to be cleared away afterwards. */
export interface Scene extends SceneOptions {
  readonly directory: string;
  /** How long a server is put under load for one figure. */
  readonly seconds: number;
  /** @returns the amount that is worked on: all of it, or a small part */
  amount(full: number): number;
  /** Called at the end, the last one first, also when the benchmark fails. */
  defer(cleanUp: () => Promise<unknown>): void;
  /** @throws Error that says how much is missing */
  requireSpace(bytes: number): Promise<void>;
}

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;
const QUICK_PART = 1 / 256;

export async function openScene({
  isQuick,
}: SceneOptions): Promise<Scene & { readonly close: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-bench-'));
  const cleanUps = [() => rm(directory, { recursive: true, force: true, maxRetries: 10 })];
  return {
    isQuick,
    directory,
    seconds: isQuick ? 2 : 8,
    amount: (full) => (isQuick ? Math.ceil(full * QUICK_PART) : full),
    defer(cleanUp) {
      cleanUps.push(async () => {
        await cleanUp();
      });
    },
    async requireSpace(bytes) {
      const free = await freeBytes(directory);
      if (bytes <= free) return;
      throw new Error(
        `${directory} needs ${Math.ceil(bytes / GIB)} GiB, and ${Math.floor(free / GIB)} are free: let TMPDIR name another place`,
      );
    },
    async close() {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
    },
  };
}
