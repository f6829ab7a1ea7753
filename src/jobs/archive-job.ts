import { ArchiveError } from '../package/archive-error.js';
import { JobFailure } from './job.js';

/** Space that backups and restores leave free. */
export const RESERVED_BYTES = 16 * 1024 * 1024;

/** The words of an archive's fault as those of the job. */
export function archiveFailure(error: unknown): unknown {
  return error instanceof ArchiveError ? new JobFailure({ message: error.message }, { cause: error }) : error;
}
