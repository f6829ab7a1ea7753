import type { Job } from './job.js';
import { updateJob } from './update.js';

/** Every job, by name. */
export const jobs = {
  update: updateJob,
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof jobs;
