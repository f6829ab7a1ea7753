import type { Paths } from '../config/paths.js';
import { AdminError } from '../core/errors.js';
import { backupJob } from '../jobs/backup.js';
import { readJobStatus, type StatusFields } from '../records/job-status.js';

/**
 * The status of the backup. Used by: GET /api/v1/admin/backup.
 *
 * @throws AdminError `notFound` when there is none
 */
export async function readBackup(paths: Paths): Promise<StatusFields> {
  const { fields } = await readJobStatus(backupJob.status(paths));
  if (fields.status === null) throw new AdminError('notFound', '');
  return fields;
}
