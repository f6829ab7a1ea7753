import { chmod, chown, lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';
import { readTextFile, writeFileAtomic } from '../system/atomic-file.js';

export interface Ownership {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
}

/** How the files of the appliance were, before the first start of a daemon without rights. */
export interface OwnershipRecord {
  /** Whether it begins now: what there is was another program's, or the vendor's. */
  readonly isNew: boolean;
  /** The first that is said of a path counts. */
  add(ownership: Ownership | undefined): void;
  save(): Promise<void>;
}

/** Begins one where there is none. */
export async function openRecord(paths: Paths): Promise<OwnershipRecord> {
  const recorded = await readRecord(paths);
  const known = recorded ?? [];
  const added: Ownership[] = [];
  return {
    isNew: recorded === undefined,
    add(ownership) {
      if (!ownership) return;
      if (![...known, ...added].some(({ path }) => path === ownership.path)) added.push(ownership);
    },
    async save() {
      if (added.length === 0) return;
      await writeFileAtomic(recordOf(paths), `${JSON.stringify([...known, ...added], null, 1)}\n`, {
        mode: 0o600,
      });
    },
  };
}

/** Undefined where nothing was changed. */
export async function readRecord(paths: Paths): Promise<readonly Ownership[] | undefined> {
  const text = await readTextFile(recordOf(paths));
  return text === undefined ? undefined : (JSON.parse(text) as readonly Ownership[]);
}

export async function removeRecord(paths: Paths): Promise<void> {
  await rm(recordOf(paths), { force: true });
}

function recordOf({ state }: Paths): string {
  return join(state, 'ownership.json');
}

/** Undefined where there is nothing, or a link: what it leads to is the vendor's decision. */
export async function ownershipOf(path: string): Promise<Ownership | undefined> {
  const stats = await lstat(path).catch(ignoreMissing);
  if (!stats || stats.isSymbolicLink()) return undefined;
  return { path, uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
}

export async function assign(path: string, uid: number, gid: number, mode: number): Promise<void> {
  await chown(path, uid, gid);
  // After it, as it takes the set-user-ID bits.
  await chmod(path, mode);
}
