import { updateJob } from '../../src/jobs/update.js';
import { readJobStatus } from '../../src/records/job-status.js';
import type { TestAppliance } from '../support/appliance.js';
import { poll } from '../support/poll.js';

const LIMIT_MS = 600_000;

/** Waits until the update that was started has ended, whether it succeeded or not. */
export async function updateEnded({ paths }: TestAppliance): Promise<void> {
  const status = updateJob.status(paths);
  await poll(
    'the update has ended',
    async () => (await readJobStatus(status)).fields.status !== 'running',
    LIMIT_MS,
  );
}
