import type { JobName } from '../../../src/jobs/index.js';

/** Jobs whose script decides how they end, and at which of their stages it runs. */
export const SCRIPTED: Readonly<Partial<Record<JobName, string>>> = {
  update: 'script',
  settings: 'apply',
  storage: 'apply',
  license: 'read',
};
