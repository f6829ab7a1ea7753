import { debugJob } from './debug.js';
import type { Job } from './job.js';
import { logsJob } from './logs.js';
import { settingsJob } from './settings.js';
import { storageJob } from './storage.js';
import { updateJob } from './update.js';

/** Every job, by name. */
export const jobs = {
  update: updateJob,
  settings: settingsJob,
  storage: storageJob,
  logs: logsJob,
  debug: debugJob,
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof jobs;
