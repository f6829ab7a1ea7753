import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readVersion } from '../appliance/version.js';
import { productVersion } from '../config/product-version.js';
import { createBundleKey, type BundleKey } from '../package/bundle-key.js';
import type { BundleManifest } from '../package/bundle-manifest.js';
import { DEBUG_MEMBER, KEY_MEMBER, LOGS_MEMBER, MANIFEST_NAME } from '../package/bundle-members.js';
import { tarBundle } from '../package/bundle-tar.js';
import { encrypt } from '../package/encrypt.js';
import { gzip } from '../package/gzip.js';
import { PackageError } from '../package/package-error.js';
import { exists } from '../system/exists.js';
import { collectLogs, packFiles } from './collect-logs.js';
import { runDebugCommands } from './debug-commands.js';
import { JobFailure, type Job, type JobContext } from './job.js';
import { publishFile, writeOrExplain } from './publish-file.js';
import { requireInstalled } from './require-installed.js';

/** Makes the encrypted `debug-bundle.tar`. Used by: GET /api/v1/admin/debug. */
export const debugJob: Job = {
  name: 'debug',
  title: 'Debug bundle',
  stages: { start: 10, collect: 20, encrypt: 70, publish: 90 },
  texts: {
    started: () => 'Generating compressed debug-bundle.tar. Please wait..',
    succeeded: () => 'Generated debug bundle successful',
    failed: () => 'Invalid or missing debug file',
    unexpected: { message: 'The debug bundle could not be made' },
  },
  status: (paths) => ({ text: paths.debugStatus }),
  log: (paths) => ({ file: paths.debugLog, mode: 0o644 }),
  staged: ({ debugDirectory, debugStaging }) => [debugDirectory, debugStaging],
  run,
};

async function run(context: JobContext): Promise<undefined> {
  const { paths, settings } = context;
  await requireInstalled(paths.debugList);
  await requireInstalled(paths.updatesPublicKey);
  const key = await createBundleKey(paths.updatesPublicKey, settings.debugKeyPadding).catch(explain);
  const collected = join(paths.debugDirectory, 'debug');
  await mkdir(paths.debugDirectory, { mode: 0o700 });
  await mkdir(collected, { mode: 0o700 });
  await context.stage('collect');
  await collect(context, collected);
  await context.stage('encrypt');
  const members = await encryptMembers(context, key, collected);
  await rm(collected, { recursive: true });
  await context.stage('publish');
  const bundle = tarBundle(paths.debugDirectory, members);
  await publishFile(context, paths.debugBundle, paths.debugStaging, bundle);
}

async function collect(context: JobContext, directory: string): Promise<void> {
  const manifest: BundleManifest = {
    madeBy: `admind ${productVersion()}`,
    madeAt: new Date().toISOString(),
    version: readVersion(context.paths.version) ?? null,
    commands: await runDebugCommands(context, directory),
  };
  await writeOrExplain(join(directory, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`, 0o600);
}

/** @returns the names of the bundle's members, which lie in the debug directory, encrypted */
async function encryptMembers(
  context: JobContext,
  { passphrase, sealed }: BundleKey,
  collected: string,
): Promise<readonly string[]> {
  const { paths } = context;
  const write = (name: string, content: Buffer | AsyncIterable<Buffer>) =>
    writeOrExplain(join(paths.debugDirectory, name), content, 0o600);
  const outputs = packFiles(context.log, {
    root: collected,
    paths: ['/'],
    excluded: [],
    required: ['/', `/${MANIFEST_NAME}`],
  });
  await write(KEY_MEMBER, sealed);
  await write(DEBUG_MEMBER, encrypt(gzip(outputs), passphrase));
  if (!(await exists(paths.logsList))) return [KEY_MEMBER, DEBUG_MEMBER];
  await requireInstalled(paths.logsList);
  await write(LOGS_MEMBER, encrypt(await collectLogs(context), passphrase));
  return [KEY_MEMBER, DEBUG_MEMBER, LOGS_MEMBER];
}

function explain(error: unknown): never {
  if (error instanceof PackageError) throw new JobFailure({ message: error.message }, { cause: error });
  throw error;
}
