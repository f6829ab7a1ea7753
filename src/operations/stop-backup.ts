import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { journalOf, type Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { sleep } from '../core/clock.js';
import { AdminError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { lockOf } from '../jobs/acquire.js';
import { backupJob } from '../jobs/backup.js';
import { stopJob } from '../jobs/stop-job.js';
import { createJobLog } from '../records/job-log.js';
import { readsRunning } from '../records/job-status.js';
import { removeStagedFor, syncDirectory } from '../system/atomic-file.js';
import { findFileChange } from '../system/file-change.js';
import { acquireLock, releaseAfter } from '../system/lock.js';
import { freePath } from '../system/remove-tree.js';

export interface StopBackupParts {
  readonly paths: Paths;
  readonly settings: Pick<Settings, 'applianceType'>;
  readonly logger: Logger;
}

const RETRY_MS = 20;
const TIMEOUT_MS = 30_000;

/**
 * Stops a backup that runs, and deletes the archive and its status; nothing of either is no error. Used by:
 * POST /api/v1/admin/backup.
 */
export async function stopBackup({ paths, settings, logger }: StopBackupParts): Promise<void> {
  const { file, mode } = backupJob.log(paths);
  const log = createJobLog(file, settings.applianceType, logger, mode);
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    if (await readsRunning(backupJob.status(paths))) await log.line('Stopping backup');
    await stopJob('backup', paths);
    const lock = await acquireLock(lockOf('backup', paths));
    if (lock) return releaseAfter(lock, () => deleteBackup(paths, (text) => log.line(text)));
    // Another one was started in between.
    if (performance.now() > deadline) throw new AdminError('internal', 'Backup could not be stopped');
    await sleep(RETRY_MS);
  }
}

async function deleteBackup(paths: Paths, log: (text: string) => Promise<void>): Promise<void> {
  const { backupArchive, backupStatus, backupStaging } = paths;
  // A backup that was killed could otherwise bring the archive back when it is settled.
  const change = await findFileChange(journalOf(paths, 'backup'));
  if (change?.isCommitted === false) await change.putBack();
  await change?.close();
  const files = [backupStatus, backupArchive];
  if (files.some((path) => existsSync(path))) await log('Deleting backup archive');
  for (const path of files) await rm(path, { force: true });
  // The lock is held: a status that is still staged is that of a backup which was killed.
  await removeStagedFor(backupStatus);
  await freePath(backupStaging);
  await syncDirectory(dirname(backupArchive));
}
