import { lstat, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';
import { readBytes } from '../core/read-only.js';
import { stagedName, writeFileAtomic } from '../system/atomic-file.js';

/** The daemon may not write in `etc`; whoever reads `health.json` there finds what it wrote. Another program's is kept. */
export async function linkHealth(paths: Paths): Promise<void> {
  const { health, volatileHealth } = paths;
  const stats = await lstat(health).catch(ignoreMissing);
  if (stats?.isSymbolicLink() === true) return;
  if (stats?.isFile() === true)
    await writeFileAtomic(keptHealthOf(paths), await readBytes(health), { mode: 0o600 });
  const staged = stagedName(health);
  await symlink(volatileHealth, staged);
  await rename(staged, health);
}

/** Puts back what {@link linkHealth} has replaced. */
export async function unlinkHealth(paths: Paths): Promise<void> {
  const { health } = paths;
  if ((await lstat(health).catch(ignoreMissing))?.isSymbolicLink() !== true) return;
  const kept = await readBytes(keptHealthOf(paths)).catch(ignoreMissing);
  if (kept === undefined) await rm(health);
  // It gets its owner and its mode by the record.
  else await writeFileAtomic(health, kept, { mode: 0o644 });
  await rm(keptHealthOf(paths), { force: true });
}

function keptHealthOf({ state }: Paths): string {
  return join(state, 'health.json');
}
