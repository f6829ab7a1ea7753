import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  appliancePaths,
  DEFAULT_ADMIN_PATH,
  requiredDirectories,
  type Paths,
} from '../../src/config/paths.js';
import { generateUpdateKeys, type UpdateKeys } from '../../src/package/keys.js';

export const TOKEN = 'testtoken';

/** The endpoint configuration with every endpoint and parameter. */
export const EVERYTHING = JSON.stringify({
  endpoints: ['settings', 'certs', 'license', 'storage', 'backup'],
  parameters: ['public', 'private', 'ca', 'license', 'action', 'archive'],
});

/** A temporary appliance on disk: directories, update keys, settings that suit a test. */
export interface TestAppliance {
  readonly root: string;
  readonly paths: Paths;
  /** The vendor's private key, for packages that this appliance accepts. */
  readonly privateKey: string;
  write(file: string, content: string): Promise<void>;
  read(file: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * @param settings for `admind.json`, over the ones that suit a test
 * @param parent directory in which its root is made
 */
export async function createAppliance(
  settings: Readonly<Record<string, unknown>> = {},
  parent = tmpdir(),
): Promise<TestAppliance> {
  const root = await mkdtemp(join(parent, 'admind-test-'));
  const paths = appliancePaths(root, DEFAULT_ADMIN_PATH);
  for (const directory of requiredDirectories(paths)) await mkdir(directory, { recursive: true });
  const write = async (file: string, content: string) => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  };
  await write(
    paths.settings,
    JSON.stringify({
      logLevel: 'silent',
      setupPauseMs: 20,
      authFailuresPerMinute: 0,
      settleIntervalMs: 100,
      ...settings,
    }),
  );
  const keys = await (updateKeys ??= makeUpdateKeys());
  const privateKey = join(await mkdtemp(join(root, 'vendor-')), 'updates.private.pem');
  await write(paths.updatesKey, keys.key);
  await write(paths.updatesPublicKey, keys.publicKey);
  await write(privateKey, keys.privateKey);
  return {
    root,
    paths,
    privateKey,
    write,
    read: (file) => readFile(file, 'utf8'),
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** One vendor for all appliances of a process: to find the primes of another takes longer than most tests. */
let updateKeys: Promise<UpdateKeys> | undefined;

/** @returns the content of each file in the place of its name */
async function makeUpdateKeys(): Promise<UpdateKeys> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-test-keys-'));
  try {
    const { key, publicKey, privateKey } = await generateUpdateKeys(directory);
    return {
      key: await readFile(key, 'utf8'),
      publicKey: await readFile(publicKey, 'utf8'),
      privateKey: await readFile(privateKey, 'utf8'),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
