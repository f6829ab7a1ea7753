import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  appliancePaths,
  DEFAULT_ADMIN_PATH,
  requiredDirectories,
  type Paths,
} from '../../src/config/paths.js';
import { generateUpdateKeys } from '../../src/package/keys.js';

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
  const keys = await generateUpdateKeys(await mkdtemp(join(root, 'vendor-')));
  await write(paths.updatesKey, await readFile(keys.key, 'utf8'));
  await write(paths.updatesPublicKey, await readFile(keys.publicKey, 'utf8'));
  return {
    root,
    paths,
    privateKey: keys.privateKey,
    write,
    read: (file) => readFile(file, 'utf8'),
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 10 }),
  };
}
