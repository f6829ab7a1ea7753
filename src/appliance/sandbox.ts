import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { productPath, type Paths } from '../config/paths.js';
import { sleep } from '../core/clock.js';
import { errnoOf, FatalError, ignoreMissing, messageOf } from '../core/errors.js';
import { generateUpdateKeys } from '../package/keys.js';
import { writeFileAtomic } from '../system/atomic-file.js';
import { acquireLock } from '../system/lock.js';
import { makeDirectory } from '../system/make-directory.js';
import { removeTree } from '../system/remove-tree.js';
import { syncFileSystem } from '../system/sync-file-system.js';

/** In the root of a sandbox that is not complete yet: the lock of the process that makes it. */
const INCOMPLETE = '.incomplete';
const LOOK_AGAIN_MS = 20;

/** Where the vendor's side of a sandbox lies: private key, encryption key, a sample update. */
export function vendorDirectory(root: string): string {
  return join(root, 'vendor');
}

/**
 * Makes a sandbox appliance in a root that is missing or empty: the layout of a real one, a version, a changelog,
 * scripts that act inside it, update keys of its own. A root that holds an appliance is left as it is. Of several
 * processes one makes it, and the others wait; what a process that was killed has begun is made again from the start.
 *
 * @throws FatalError when the root holds something else, or cannot be written
 */
export async function prepareSandbox(root: string, paths: Paths): Promise<void> {
  try {
    while (await isIncomplete(root)) {
      await makeDirectory(root);
      if (!(await completeSandbox(root, paths))) await sleep(LOOK_AGAIN_MS);
    }
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new FatalError(`Cannot use ${root} as the root of an appliance: ${messageOf(error)}`);
  }
}

async function isIncomplete(root: string): Promise<boolean> {
  const names = (await readdir(root).catch(ignoreMissing)) ?? [];
  if (names.length === 0 || names.includes(INCOMPLETE)) return true;
  requireAppliance(root, names);
  return false;
}

/** @returns false while another process does it, or has just done it */
async function completeSandbox(root: string, paths: Paths): Promise<boolean> {
  const incomplete = join(root, INCOMPLETE);
  // Whoever has completed it removes the lock's directory.
  const lock = await acquireLock(incomplete).catch(ignoreMissing);
  if (!lock) return false;
  try {
    // What is made last, and whole at once.
    if (!existsSync(paths.updatesPublicKey)) await makeSandbox(root, paths);
    await removeTree(incomplete).catch(ignoreOthersInIt);
    return true;
  } finally {
    await lock.release();
  }
}

/** They find the sandbox complete, and remove the lock themselves. */
function ignoreOthersInIt(error: unknown): void {
  if (!['ENOENT', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
}

async function makeSandbox(root: string, paths: Paths): Promise<void> {
  const vendor = vendorDirectory(root);
  const copies = { admin: paths.admin, local: join(root, 'usr/local/etc'), data: paths.data, vendor };
  for (const [part, target] of Object.entries(copies)) {
    await cp(productPath('config/sandbox', part), target, { recursive: true });
  }
  const keyDirectory = join(vendor, 'keys');
  await rm(keyDirectory, { recursive: true, force: true });
  await mkdir(keyDirectory, { mode: 0o700 });
  const keys = await generateUpdateKeys(keyDirectory);
  await cp(keys.key, paths.updatesKey);
  // After a power cut, too, it says that all the rest is there.
  await syncFileSystem(root);
  await writeFileAtomic(paths.updatesPublicKey, await readFile(keys.publicKey), { mode: 0o644 });
}

function requireAppliance(root: string, names: readonly string[]): void {
  if (names.some((name) => ['opt', 'usr', 'data'].includes(name))) return;
  throw new FatalError(
    `${root} is not the root of an appliance: it is not empty, and has none of opt, usr, data`,
  );
}
