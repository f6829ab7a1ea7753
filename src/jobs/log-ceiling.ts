import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ignoreMissing } from '../core/errors.js';
import { readsRunning } from '../records/job-status.js';
import { cutLog } from '../system/bounded-log.js';
import type { RecordedJob } from './job-records.js';

/** Room for the job's own lines. */
const LINES_BYTES = 64 * 1024;

/**
 * The daemon's own bound on a job's log, well above the runner's, for output that no runner counts: of a script whose
 * runner was killed, or of a process that a script left behind.
 *
 * @returns cuts the log to what it held when the job began, or ended, plus twice the limit of a script's output; to
 *   be called again and again
 */
export function createLogCeiling({ job, paths, settings }: RecordedJob): () => Promise<void> {
  let wasRunning: boolean | undefined;
  let ceiling = Infinity;
  return async () => {
    const isRunning = await readsRunning(job.status(paths));
    const log = await open(job.log(paths).file, constants.O_RDWR | constants.O_NONBLOCK).catch(ignoreMissing);
    try {
      if (isRunning === wasRunning) {
        await (log && cutLog(log, ceiling));
        return;
      }
      // Not cut now: the last lines tell how the job ended.
      wasRunning = isRunning;
      ceiling = ((await log?.stat())?.size ?? 0) + 2 * settings.scriptOutputLimitBytes + LINES_BYTES;
    } finally {
      await log?.close();
    }
  };
}
