import { readBackupList } from '../appliance/backup-list.js';
import type { Paths } from '../config/paths.js';
import { readableSize } from '../core/readable-size.js';
import { ArchiveError } from '../package/archive-error.js';
import { measureBackup, writeBackup } from '../package/backup-archive.js';
import type { BackupSource } from '../package/backup-members.js';
import { freeBytes } from '../system/disk-space.js';
import { archiveFailure, RESERVED_BYTES } from './archive-job.js';
import { createBoundedNotes } from './bounded-notes.js';
import type { Job, JobContext, JobSuccess } from './job.js';

const ARCHIVE_MODE = 0o644;
/** How often a percentage is published at most. */
const PROGRESS_MS = 200;

/** Makes `backup.tar` of what `backup.txt` names; the previous one stays until then. Used by: POST /api/v1/admin/backup. */
export const backupJob: Job = {
  name: 'backup',
  title: 'Backup',
  stages: { validate: 0, write: 1 },
  texts: {
    started: () => 'Validating backup file size',
    succeeded: () => 'Backup complete',
    failed: () => 'Backup failed',
  },
  status: ({ backupStatus }) => ({ json: backupStatus, isJsonBare: true }),
  statusFields: (state, percentage) => (state === 'running' ? { percentage } : {}),
  log: ({ backupLog }) => ({ file: backupLog, mode: 0o644 }),
  staged: ({ backupStaging }) => [backupStaging],
  async run(context) {
    try {
      return await makeBackup(context);
    } catch (error) {
      throw archiveFailure(error);
    }
  },
};

async function makeBackup(context: JobContext): Promise<JobSuccess> {
  const { paths, log } = context;
  const source = await sourceOf(context);
  const neededBytes = await measureBackup(source);
  const limitBytes = await requireSpace(paths, neededBytes);
  await context.stage('write');
  await log.line('Starting backup');
  const onProgress = createProgress(context, neededBytes);
  const notes = createBoundedNotes(log, 'files left out, or changed while they were backed up');
  const { diskBytes, sha256 } = await writeBackup(source, {
    file: paths.backupStaging,
    mode: ARCHIVE_MODE,
    limitBytes,
    onProgress,
    note: notes.note,
  }).finally(() => notes.close());
  await context.replaceFiles([{ file: paths.backupArchive, staged: paths.backupStaging }]);
  const filesize = readableSize(diskBytes);
  await log.plain(`Created file: ${paths.backupArchive} - size: ${filesize} - hash: ${sha256}`);
  return { fields: { filesize, sha256 } };
}

async function sourceOf({ paths, signal }: JobContext): Promise<BackupSource> {
  const { data, restoreDirectory, backupStaging, backupArchive } = paths;
  return {
    directory: data,
    paths: await readBackupList(paths),
    excluded: [restoreDirectory, backupStaging, backupArchive],
    signal,
  };
}

async function requireSpace({ uploads }: Paths, neededBytes: number): Promise<number> {
  const free = await freeBytes(uploads);
  if (neededBytes <= free - RESERVED_BYTES) return free - RESERVED_BYTES;
  throw new ArchiveError(
    `Not enough disk space for the backup: ${neededBytes} bytes needed, ${free} bytes free, ` +
      `of which ${RESERVED_BYTES} must stay free`,
  );
}

/** Publishes whole percentages, not more often than clients can use. */
function createProgress({ progress }: JobContext, totalBytes: number): (bytes: number) => Promise<void> {
  let published = 1;
  let notBefore = 0;
  return async (bytes) => {
    const percentage = Math.min(99, Math.floor((100 * bytes) / totalBytes));
    if (percentage <= published || performance.now() < notBefore) return;
    published = percentage;
    notBefore = performance.now() + PROGRESS_MS;
    await progress(percentage);
  };
}
