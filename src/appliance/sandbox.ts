import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { productPath, type Paths } from '../config/paths.js';
import { FatalError, ignoreMissing, messageOf } from '../core/errors.js';
import { generateUpdateKeys } from '../package/keys.js';
import { makeDirectory } from '../system/make-directory.js';

/** In the root of a sandbox that is not complete yet: it is made again from the start. */
const INCOMPLETE = '.incomplete';

/** Where the vendor's side of a sandbox lies: private key, encryption key, a sample update. */
export function vendorDirectory(root: string): string {
  return join(root, 'vendor');
}

/**
 * Makes a sandbox appliance in a root that is missing or empty: the layout of a real one, a version, a changelog,
 * scripts that act inside it, update keys of its own. A root that holds an appliance is left as it is.
 *
 * @returns true if it was made now
 * @throws FatalError when the root holds something else, or cannot be written
 */
export async function prepareSandbox(root: string, paths: Paths): Promise<boolean> {
  try {
    const names = (await readdir(root).catch(ignoreMissing)) ?? [];
    if (names.length > 0 && !names.includes(INCOMPLETE)) {
      requireAppliance(root, names);
      return false;
    }
    await makeDirectory(root);
    await writeFile(join(root, INCOMPLETE), '');
    await makeSandbox(root, paths);
    await rm(join(root, INCOMPLETE));
    return true;
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new FatalError(`Cannot use ${root} as the root of an appliance: ${messageOf(error)}`);
  }
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
  await cp(keys.publicKey, paths.updatesPublicKey);
}

function requireAppliance(root: string, names: readonly string[]): void {
  if (names.some((name) => ['opt', 'usr', 'data'].includes(name))) return;
  throw new FatalError(
    `${root} is not the root of an appliance: it is not empty, and has none of opt, usr, data`,
  );
}
