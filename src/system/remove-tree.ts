import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, lstat, open, readdir, rename, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { exists } from './exists.js';

const BATCH = 64;

/**
 * Frees `path` for something new: deletes it and all below it. What cannot be deleted (a mount, another owner's
 * files) is renamed to `.<name>.<12 hex digits>.left`, and the next call for the same path tries again.
 *
 * @throws the system error when something is left, at its place or beside it
 */
export async function freePath(path: string): Promise<void> {
  const failures: unknown[] = [];
  const fail = (error: unknown) => void failures.push(error);
  // Where they cannot be listed, what is at the path has to go all the same.
  for (const left of (await leftOf(path).catch(fail)) ?? []) await removeTree(left).catch(fail);
  await removeTree(path).catch(async (error: unknown) => {
    failures.push(error);
    await rename(path, join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.left`));
  });
  if (failures.length > 0) throw failures[0];
}

/** Whether something that cannot be deleted gets `name` when {@link freePath} frees a path whose last name is `freed`. */
export function isLeftName(name: string, freed: string): boolean {
  const prefix = `.${freed}.`;
  return name.startsWith(prefix) && /^[0-9a-f]{12}\.left$/.test(name.slice(prefix.length));
}

/** What {@link freePath} could not delete of `path`, by the names it has now. */
export async function leftOf(path: string): Promise<string[]> {
  const directory = dirname(path);
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  return names.filter((name) => isLeftName(name, basename(path))).map((name) => join(directory, name));
}

/** Deletes `path` and all below it, if it is there. Links are not followed, also not those that are put there meanwhile. */
export async function removeTree(path: string): Promise<void> {
  const stats = await lstat(path).catch(ignoreMissing);
  if (stats?.isDirectory() === true) await removeDirectory(path);
  else await rm(path, { force: true });
}

/** A directory on the way from the top of a tree to the one that is being emptied. */
interface Level {
  readonly stats: Stats;
  /** Names of the directories in it that are still to be deleted; the last one is being emptied. */
  readonly directories: string[];
}

/**
 * Unlike `fs.rm`, which unlinks all files of a directory at the same time, in little memory; and by open directories, not
 * by paths: who may write there and puts a link in the place of a directory does not lead this process out. One of them is open
 * at a time, however deep the tree is.
 */
async function removeDirectory(top: string): Promise<void> {
  const hasProc = await exists('/proc/self/fd');
  const above: Level[] = [];
  let directory = await openDirectory(top);
  /** Leads to the open directory wherever that is; without /proc to where it was. */
  const here = () => (hasProc ? `/proc/self/fd/${directory.fd}` : join(top, ...above.map(nextOf)));
  const moveTo = async (path: string) => {
    const next = await openDirectory(path);
    await close(directory);
    directory = next;
  };
  try {
    let level = await emptyOfFiles(directory, here());
    for (;;) {
      const parent = above.at(-1);
      if (level.directories.length > 0) {
        await moveTo(join(here(), nextOf(level)));
        above.push(level);
        level = await emptyOfFiles(directory, here());
      } else if (parent) {
        await moveTo(`${here()}/..`);
        await requireSame(directory, parent, nextOf(parent));
        above.pop();
        await rmdir(join(here(), nextOf(parent)));
        parent.directories.pop();
        level = parent;
      } else break;
    }
  } finally {
    await close(directory);
  }
  await rmdir(top);
}

function nextOf({ directories }: Level): string {
  return directories.at(-1) ?? '';
}

/** @returns what is left in it */
async function emptyOfFiles(directory: FileHandle, here: string): Promise<Level> {
  // A script may have made directories that even their owner cannot change; whether that is so, removing tells.
  await directory.chmod(0o700).catch(() => undefined);
  const entries = await readdir(here, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  for (let start = 0; start < files.length; start += BATCH) {
    const batch = files.slice(start, start + BATCH);
    await Promise.all(batch.map(({ name }) => unlink(join(here, name)).catch(ignoreMissing)));
  }
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return { stats: await directory.stat(), directories };
}

/** @throws Error when the way up from a directory leads elsewhere than the way down to it came from */
async function requireSame(directory: FileHandle, { stats }: Level, name: string): Promise<void> {
  const { dev, ino } = await directory.stat();
  if (dev !== stats.dev || ino !== stats.ino) throw new Error(`"${name}" was moved while it was deleted`);
}

async function close(directory: FileHandle): Promise<void> {
  // Nothing hangs on how that ends.
  await directory.close().catch(() => undefined);
}

async function openDirectory(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return open(path, flags).catch(async (error: unknown) => {
    // Nothing is closed to root, which must not follow a link here.
    if (errnoOf(error) !== 'EACCES' || process.geteuid?.() === 0) throw error;
    await chmod(path, 0o700);
    return open(path, flags);
  });
}
