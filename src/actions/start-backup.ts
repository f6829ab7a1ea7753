import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Paths } from '../config/paths.js';
import { AdminError } from '../core/errors.js';
import type { JobLauncher } from '../jobs/launcher.js';

export interface StartBackupParts {
  readonly paths: Pick<Paths, 'admin' | 'backupList'>;
  readonly launcher: Pick<JobLauncher, 'start'>;
}

/**
 * Starts a backup. Used by: POST /api/v1/admin/backup.
 *
 * @throws AdminError `badRequest` when the appliance does not say what to back up, or as the launcher
 */
export async function startBackup({ paths, launcher }: StartBackupParts): Promise<void> {
  if (!existsSync(paths.backupList)) {
    const name = relative(paths.admin, paths.backupList);
    throw new AdminError('badRequest', `This appliance has nothing to back up: ${name} is missing`);
  }
  await launcher.start('backup');
}
