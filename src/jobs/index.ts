import { backupJob } from './backup.js';
import type { Job } from './job.js';
import { restoreJob } from './restore.js';
import { settingsJob } from './settings.js';
import { storageJob } from './storage.js';
import { updateJob } from './update.js';

/** Every job, by name. */
export const jobs = {
  update: updateJob,
  settings: settingsJob,
  storage: storageJob,
  backup: backupJob,
  restore: restoreJob,
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof jobs;
