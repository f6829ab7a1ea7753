import type { StatusFiles } from '../records/job-status.js';
import { readJobStatus } from '../records/job-status.js';
import { readLogTail } from '../records/job-log.js';

/** What clients poll while a job works: its status fields, the last 10 lines of its log, its error if there is one. */
export async function readJobProgress(files: StatusFiles, logFile: string): Promise<Record<string, unknown>> {
  // The status first: a job that has ended wrote its last line before it.
  const { fields, errorMessage, errorCode } = await readJobStatus(files);
  const log = await readLogTail(logFile, 10);
  return {
    ...fields,
    log: log ?? null,
    ...(errorMessage === undefined ? {} : { 'error-message': errorMessage }),
    ...(errorCode === undefined ? {} : { 'error-code': errorCode }),
  };
}
