import type { JobLog } from '../records/job-log.js';

/** Lines about one file each, of which there may be any number. */
export interface BoundedNotes {
  /** Writes a line, unless there are 1000 already. */
  readonly note: (text: string) => Promise<void>;
  /** Says how many lines were not written, if any. */
  close(): Promise<void>;
}

const MOST_NOTES = 1_000;

/** @param rest what is said of those that are too many: `left out` makes `And 7 more left out` */
export function createBoundedNotes(log: Pick<JobLog, 'line'>, rest: string): BoundedNotes {
  let count = 0;
  return {
    async note(text) {
      count += 1;
      if (count <= MOST_NOTES) await log.line(text);
    },
    async close() {
      if (count > MOST_NOTES) await log.line(`And ${count - MOST_NOTES} more ${rest}`);
    },
  };
}
