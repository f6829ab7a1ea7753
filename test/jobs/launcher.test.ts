import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { licenseJob } from '../../src/jobs/license.js';
import { createJobLauncher } from '../../src/jobs/launcher.js';
import { writeJobStatus, type JobState } from '../../src/records/job-status.js';
import type { Peer } from '../../src/system/peer.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { ownParts } from '../support/own-parts.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

/** A runner that is killed when it has published a status, before it can report how the job ended. */
function killedAfter(state: JobState): Peer {
  let received = 0;
  return {
    pid: undefined,
    ended: Promise.resolve('it ended (SIGKILL)'),
    abandon: () => undefined,
    unref: () => undefined,
    send: () => Promise.resolve(),
    async receive() {
      received += 1;
      if (received === 1) return { report: 'started' };
      await writeJobStatus(licenseJob.status(appliance.paths), state);
      return undefined;
    },
  };
}

async function outcomeOf(runner: Peer) {
  const launcher = createJobLauncher({
    ...ownParts(appliance.paths),
    adminPath: DEFAULT_ADMIN_PATH,
    runnerOutput: 'ignore',
    openPrivileged: () => runner,
  });
  const job = await launcher.start('license');
  return job.ended;
}

test('a job whose runner is killed after its success was published is a success', async () => {
  expect(await outcomeOf(killedAfter('success'))).toEqual({ state: 'success' });
});

test('a job whose runner is killed before that has failed', async () => {
  expect(await outcomeOf(killedAfter('running'))).toMatchObject({ state: 'failed' });
});
