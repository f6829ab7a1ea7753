import { mkdir, rm, stat } from 'node:fs/promises';
import { secureOwnership } from '../appliance/ownership.js';
import { compareVersions } from '../appliance/version-order.js';
import { readVersion } from '../appliance/version.js';
import { dateLine } from '../core/clock.js';
import { errnoOf, isDiskFull, messageOf } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { extractContents, listContents, type PackageContents } from '../package/contents.js';
import { PackageError } from '../package/package-error.js';
import { unsealPackage } from '../package/unseal.js';
import { readJobStatus, type JobError } from '../records/job-status.js';
import { freeBytes } from '../system/disk-space.js';
import { describeFailure } from '../system/script.js';
import { syncMachine } from '../system/sync-file-system.js';
import { JobFailure, type Job, type JobContext, type JobSuccess } from './job.js';

/** Decrypts, verifies and extracts an update package, then runs its `update.sh`. Used by: POST /api/v1/admin/update. */
export const updateJob: Job = {
  name: 'update',
  title: 'Update',
  busyCode: 'E1004',
  stages: {
    start: 10,
    find: 20,
    decrypt: 30,
    decrypted: 40,
    verified: 50,
    version: 60,
    script: 70,
    ended: 80,
  },
  texts: {
    started: (type) => `Updating ${type}. Please wait..`,
    succeeded: () => 'Update successful',
    failed: (type) => `Failed updating ${type}. Cleaning up..`,
    interrupted: { message: 'Error running update', code: 'E1002' },
    unexpected: { message: 'Script error', code: 'E1000' },
  },
  status: (paths) => ({
    text: paths.updateStatusText,
    json: paths.updateStatusJson,
    errorMessage: paths.updateErrorMessage,
    errorCode: paths.updateErrorCode,
  }),
  log: (paths) => ({ file: paths.updateLog, mode: 0o664 }),
  inputs: ({ updatePackage }) => ({ update: updatePackage }),
  savesImage: true,
  staysDone: true,
  isRemedy: true,
  staged: ({ updateDirectory, updateStaging, updatePackage }) => [
    updateDirectory,
    updateStaging,
    updatePackage,
  ],
  run,
};

const VERSION_SHOWN = 100;

async function run(job: JobContext): Promise<JobSuccess | undefined> {
  const { paths } = job;
  await job.stage('find');
  const packageBytes = await packageSize(paths.updatePackage);
  await job.stage('decrypt');
  await requireSpace(job, 'decrypting the package', packageBytes);
  await unseal(job);
  await job.stage('verified');
  const { version, hasUpdateScript } = await extract(job);
  await job.stage('version');
  if (version !== undefined) {
    requireNewerVersion(`${paths.updateDirectory}/version.txt`, paths.version);
  }
  if (!hasUpdateScript) return { percentage: 90, text: 'No update script found, skipping.' };
  await job.stage('script');
  await runUpdateScript(job);
  return undefined;
}

async function packageSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw failure('E1003', 'Missing update package');
    throw error;
  }
}

async function unseal({ paths, settings, log, stage }: JobContext): Promise<void> {
  try {
    await unsealPackage({
      packageFile: paths.updatePackage,
      keyFile: paths.updatesKey,
      publicKeyFile: paths.updatesPublicKey,
      stagingFile: paths.updateStaging,
      acceptLegacy: settings.acceptLegacyPackages,
      onDecrypted: () => stage('decrypted'),
    });
  } catch (error) {
    throw await packageFailure(error, log);
  }
  await rm(paths.updatePackage);
}

/** Lists the verified archive whole before the first file of it is written. */
async function extract(job: JobContext): Promise<PackageContents> {
  const { paths, settings, log } = job;
  try {
    const free = await freeBytes(paths.tmp);
    const contents = await listContents(paths.updateStaging, {
      entryLimit: settings.packageEntryLimit,
      totalLimitBytes: free,
    });
    await mkdir(paths.updateDirectory, { mode: 0o750 });
    await extractContents(paths.updateStaging, paths.updateDirectory);
    await rm(paths.updateStaging);
    return contents;
  } catch (error) {
    throw await packageFailure(error, log);
  }
}

function requireNewerVersion(packageFile: string, applianceFile: string): void {
  const [packaged, installed] = [readVersion(packageFile), readVersion(applianceFile)];
  if (packaged === undefined || installed === undefined) return;
  const order = compareVersions(packaged, installed);
  const name = `software update package v${printable(packaged, VERSION_SHOWN)}`;
  if (order < 0) throw failure('E1001', `${name} is too old.`);
  if (order === 0) throw failure('E1001', `${name} already up-to-date.`);
}

async function runUpdateScript(job: JobContext): Promise<void> {
  const { paths, settings, log } = job;
  await log.plain(`Starting update at: ${dateLine()}`);
  const result = await job.runScript('run-update.sh', [], { timeoutMs: settings.updateTimeLimitMs });
  const failed = describeFailure(result);
  await secureReplacedFiles(job);
  await job.stage('ended', failed === undefined);
  if (failed === undefined) {
    // A success that a power cut leaves on the disk without what was installed would be none.
    await syncMachine(paths.root);
    await log.plain(`Completed update at: ${dateLine()}`);
    return;
  }
  // The log of existing appliances has no line for an ordinary failure.
  if (result.timedOut || result.signal !== undefined) await log.line(`update.sh ${failed}`);
  const { errorMessage, errorCode } = await readJobStatus(updateJob.status(paths));
  throw errorMessage !== undefined && errorCode !== undefined
    ? new JobFailure(undefined)
    : failure('E1002', 'Error running update');
}

/** Files that `update.sh` has put in place have its owner and mode, whatever the daemon has to read of them. */
async function secureReplacedFiles({ paths, log }: JobContext): Promise<void> {
  const report = (error: unknown) => log.line(`Owners and modes could not be set: ${messageOf(error)}`);
  await secureOwnership(paths, report).catch(report);
}

async function requireSpace({ paths, log }: JobContext, purpose: string, neededBytes: number): Promise<void> {
  const free = await freeBytes(paths.tmp);
  if (neededBytes <= free) return;
  await log.line(`Not enough disk space for ${purpose}: ${neededBytes} bytes needed, ${free} bytes free`);
  throw failure('E1005', TEXTS.decrypt);
}

const TEXTS = {
  decrypt: 'Error decrypting software update package',
  signature: 'Error verifying software update package signature',
  extract: 'Error extracting software update package',
} as const;

/**
 * The fixed text for clients and the update log, which tools compare. What exactly was wrong with the package is in
 * the daemon's log; the update log has it, too, where the appliance itself has to be helped or admind is stricter.
 */
async function packageFailure(error: unknown, log: JobContext['log']): Promise<unknown> {
  if (!(error instanceof PackageError)) return error;
  if (error.stage === 'extract' || isDiskFault(error.cause)) await log.line(error.message);
  return failure('E1005', TEXTS[error.stage], error);
}

function isDiskFault(cause: unknown): boolean {
  return isDiskFull(cause) || ['EIO', 'EROFS'].includes(errnoOf(cause) ?? '');
}

function failure(code: string, message: string, cause?: unknown): JobFailure {
  const error: JobError = { message, code };
  return new JobFailure(error, { cause });
}
