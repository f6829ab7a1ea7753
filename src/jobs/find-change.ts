import { journalOf, type Paths } from '../config/paths.js';
import type { Change } from '../system/change.js';
import { findFileChange } from '../system/file-change.js';
import type { Job } from './job.js';

/** The change that a run of the job has begun and not closed: it runs, or was cut off. */
export function findChange(job: Job, paths: Paths): Promise<Change | undefined> {
  return job.findChange?.(paths) ?? findFileChange(journalOf(paths, job.name));
}
