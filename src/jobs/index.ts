import { backupJob } from './backup.js';
import { certsJob } from './certs.js';
import { debugJob } from './debug.js';
import type { Job } from './job.js';
import { licenseJob } from './license.js';
import { logsJob } from './logs.js';
import { rebootJob } from './reboot.js';
import { restoreJob } from './restore.js';
import { settingsJob } from './settings.js';
import { storageJob } from './storage.js';
import { updateJob } from './update.js';

/** Every job, by name. */
export const jobs = {
  update: updateJob,
  settings: settingsJob,
  storage: storageJob,
  certs: certsJob,
  license: licenseJob,
  backup: backupJob,
  restore: restoreJob,
  logs: logsJob,
  debug: debugJob,
  reboot: rebootJob,
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof jobs;
