import type { StatusFiles } from '../records/job-status.js';
import { readJobStatus } from '../records/job-status.js';
import { readLogTail } from '../records/job-log.js';

/** What clients poll while a job works: its status fields, the last 10 lines of its log, its error if there is one. */
export async function readJobProgress(files: StatusFiles, logFile: string): Promise<Record<string, unknown>> {
  const [{ fields, errorMessage, errorCode }, log] = await Promise.all([
    readJobStatus(files),
    readLogTail(logFile, 10),
  ]);
  return {
    ...fields,
    log: log ?? null,
    ...(errorMessage === undefined ? {} : { 'error-message': errorMessage }),
    ...(errorCode === undefined ? {} : { 'error-code': errorCode }),
  };
}
