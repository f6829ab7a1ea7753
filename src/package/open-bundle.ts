import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FatalError } from '../core/errors.js';
import { readTextStart } from '../system/atomic-file.js';
import { exists } from '../system/exists.js';
import { openArchive, type OpenedArchive } from './bundle-archive.js';
import type { KeyPadding } from './bundle-key.js';
import { openBundleKey } from './open-bundle-key.js';
import { readManifest } from './bundle-manifest.js';
import { DEBUG_MEMBER, KEY_MEMBER, LOGS_MEMBER, MANIFEST_NAME } from './bundle-members.js';
import { copyMembers } from './bundle-reader.js';
import { readPrivateKey } from './rsa-keys.js';
import { systemError } from './system-error.js';

export interface OpenBundleOptions {
  readonly bundleFile: string;
  readonly privateKeyFile: string;
  /** Must not exist; its parent must. */
  readonly directory: string;
}

export interface OpenedBundle {
  readonly padding: KeyPadding;
  /** By the name of its directory below that of the bundle: `debug`, `logs`. */
  readonly archives: Readonly<Record<string, OpenedArchive>>;
  /** Undefined where the bundle has none, or an unreadable one. */
  readonly commands: ReturnType<typeof readManifest>;
}

const ARCHIVES: readonly (readonly [name: string, member: string])[] = [
  ['debug', DEBUG_MEMBER],
  ['logs', LOGS_MEMBER],
];
const MANIFEST_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Decrypts a debug bundle and extracts what it holds, in constant memory. The directory appears when it is complete.
 *
 * @throws FatalError or PackageError as one line; nothing is left behind then
 */
export async function openBundle(options: OpenBundleOptions): Promise<OpenedBundle> {
  const { bundleFile, privateKeyFile, directory } = options;
  const privateKey = await readPrivateKey(privateKeyFile);
  await requireFree(directory);
  const target = resolve(directory);
  const staging = await mkdtemp(join(dirname(target), `.${basename(target)}.`)).catch((error: unknown) => {
    throw systemError('extract', 'write', target, error);
  });
  try {
    const members = await copyMembers(bundleFile, staging);
    const sealedKey = join(staging, KEY_MEMBER);
    const { passphrase, padding } = openBundleKey(await readFile(sealedKey), privateKey);
    await rm(sealedKey);
    const archives: Record<string, OpenedArchive> = {};
    for (const [name, member] of ARCHIVES) {
      if (!members.has(member)) continue;
      archives[name] = await openArchive(join(staging, member), passphrase, join(staging, name));
    }
    const manifest = await readTextStart(join(staging, 'debug', MANIFEST_NAME), MANIFEST_LIMIT_BYTES);
    await requireFree(directory);
    await rename(staging, target);
    return { padding, archives, commands: manifest === undefined ? undefined : readManifest(manifest) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function requireFree(directory: string): Promise<void> {
  if (await exists(directory)) {
    throw new FatalError(`${directory} exists already; nothing is overwritten`);
  }
}
