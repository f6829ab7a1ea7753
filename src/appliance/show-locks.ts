import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';

const ANYONE_READS = 0o444;
const ANYONE_ENTERS = 0o555;

/**
 * Has anyone see who holds a lock and where a log ends: the daemon, which asks for that, has no rights, and root's umask may
 * have hidden it.
 *
 * @throws the system error
 */
export async function showLocks({ lib, locks, logEnds }: Paths): Promise<void> {
  for (const path of [lib, locks, ...(await below(locks)), ...(await below(logEnds))]) {
    const stats = await lstat(path).catch(ignoreMissing);
    if (!stats || !(stats.isDirectory() || stats.isFile())) continue;
    const wanted = stats.mode | (stats.isDirectory() ? ANYONE_ENTERS : ANYONE_READS);
    if (wanted !== stats.mode) await chmod(path, wanted & 0o7777).catch(ignoreMissing);
  }
}

async function below(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  return names.map((name) => join(directory, name));
}
