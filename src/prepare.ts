import { access, constants, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeVoidPassphrases } from './appliance/api-token.js';
import { prepareFirstRun } from './appliance/first-run.js';
import { secureOwnership } from './appliance/ownership.js';
import { showLocks } from './appliance/show-locks.js';
import { completeSelfSigned, loadCertificate } from './appliance/tls-certificate.js';
import { requiredDirectories, type Paths } from './config/paths.js';
import type { ApplianceContext } from './context.js';
import { errnoOf, FatalError, messageOf } from './core/errors.js';
import type { Logger } from './core/logger.js';
import { removeAbandonedUploads } from './http/upload-directory.js';
import { renewCertificate } from './operations/renew-certificate.js';
import { lockOf } from './jobs/acquire.js';
import { jobs } from './jobs/index.js';
import { awaitsToken } from './provision/awaits-token.js';
import { removeStaleStagedFiles } from './system/atomic-file.js';
import { isLocked } from './system/lock.js';
import { removeLostTail } from './system/lost-tail.js';
import { makeDirectory } from './system/make-directory.js';

/**
 * What has to be there before the daemon can serve: directories and who owns them, the passphrase of a first run, a
 * certificate. Needs the rights to write all of it.
 *
 * @throws FatalError with one line for the person who started it
 */
export async function prepareAppliance(context: ApplianceContext): Promise<void> {
  const { paths, settings, logger } = context;
  const report = reportTo(logger);
  await prepareDirectories(paths, report);
  await protectFirstSetUp(context);
  await removeVoidPassphrases(paths).catch(report);
  if (settings.tls) {
    await loadCertificate(paths);
    await completeSelfSigned(paths).catch(report);
    await renewCertificate(context).catch(report);
  }
  await secureOwnership(paths, report);
}

/**
 * What has to be there before jobs can run: less than for the daemon, as a job may be what mends a certificate.
 *
 * @throws FatalError with one line for the person who started it
 */
export async function prepareForJobs({ paths, logger }: ApplianceContext): Promise<void> {
  const report = reportTo(logger);
  await prepareDirectories(paths, report);
  await secureOwnership(paths, report);
}

/** For a daemon that has others prepare what it serves. @throws FatalError with one line for the person who started it */
export async function requirePrepared({ paths, logger }: ApplianceContext): Promise<void> {
  const readOnly = await requireWritable(paths.incoming).catch((error: unknown) => {
    throw new FatalError(
      `No usable appliance at ${paths.admin}: ${messageOf(error)}. Run "admind prepare" as root first`,
    );
  });
  if (readOnly !== undefined) reportTo(logger)(readOnly);
}

/** What processes that were killed left: half-received uploads, half-written files and log lines. What cannot be removed may stay. */
export async function removeLeftovers({ paths, logger, isPrivileged }: ApplianceContext): Promise<void> {
  const report = (error: unknown) =>
    logger.error({ reason: messageOf(error) }, 'leftovers could not be removed');
  await removeAbandonedUploads(paths.incoming).catch(report);
  if (!isPrivileged) return;
  await removeAbandonedUploads(paths.taken).catch(report);
  for (const log of [paths.auditLog, paths.tokenLog, paths.provisionLog])
    await removeLostTail(log).catch(report);
  for (const job of Object.values(jobs)) {
    // What a job that runs has printed may be half a line for now.
    const mend = async () => {
      if (!(await isLocked(lockOf(job.name, paths)))) await removeLostTail(job.log(paths).file);
    };
    await mend().catch(report);
  }
  const { etc, uploads, journals, state, provisioned } = paths;
  const files = [paths.networkConf, paths.tlsBundle, paths.tlsCertificate, paths.tlsPrivateKey, paths.tlsCa];
  const locks = ((await readdir(paths.locks).catch(report)) ?? []).map((name) => join(paths.locks, name));
  const places = files.map((file) => dirname(file));
  const directories = [etc, uploads, journals, state, provisioned, ...locks, ...places];
  for (const directory of directories) await removeStaleStagedFiles(directory).catch(report);
}

/** Anyone may do the first set-up, unless a first run is configured, or a token that was put here could not be applied yet. */
async function protectFirstSetUp({ paths, gate, logger }: ApplianceContext): Promise<void> {
  if (!gate.firstRun && !(await awaitsToken(paths))) return;
  if (!(await prepareFirstRun(paths, gate.firstRun))) return;
  logger.info({ file: paths.apiTokenSetup }, 'first run: /setup needs the passphrase in this file');
}

/** What can wait must not keep the only way in shut, as it would on a full disk. */
function reportTo(logger: Logger): (error: unknown) => void {
  return (error) =>
    logger.error({ reason: messageOf(error) }, 'the appliance could not be prepared completely');
}

async function prepareDirectories(paths: Paths, report: (error: unknown) => void): Promise<void> {
  try {
    let readOnly: unknown;
    await access(paths.root ?? paths.admin, constants.R_OK | constants.X_OK);
    for (const directory of requiredDirectories(paths)) {
      await makeDirectory(directory);
      readOnly ??= await requireWritable(directory);
    }
    if (readOnly !== undefined) report(readOnly);
    await showLocks(paths).catch(report);
  } catch (error) {
    throw new FatalError(
      `No usable appliance at ${paths.admin}: ${messageOf(error)}. Set JIDO_ADMIN_PATH, or --root for a sandbox`,
    );
  }
}

/**
 * A file system that the kernel made read-only after a fault keeps nobody from asking the appliance what it has.
 *
 * @returns the error of a read-only file system
 */
async function requireWritable(directory: string): Promise<unknown> {
  return access(directory, constants.W_OK).catch((error: unknown) => {
    if (errnoOf(error) !== 'EROFS') throw error;
    return error;
  });
}
