import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { licenseJob } from '../../src/jobs/license.js';
import { createJobLauncher } from '../../src/jobs/launcher.js';
import { writeJobStatus, type JobState } from '../../src/records/job-status.js';
import type { Peer } from '../../src/system/peer.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { ownParts } from '../support/own-parts.js';
import { poll } from '../support/poll.js';

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

/** A runner that finds the job's lock taken, by a process that is hidden from the daemon. */
const REFUSED: Peer = {
  pid: undefined,
  ended: Promise.resolve('it ended (0)'),
  abandon: () => undefined,
  unref: () => undefined,
  send: () => Promise.resolve(),
  receive: () => Promise.resolve({ report: 'locked' }),
};

test('what cannot be settled as its lock is taken is tried again, after a time that doubles', async () => {
  await writeJobStatus(licenseJob.status(appliance.paths), 'running');
  const triedMs: number[] = [];
  const launcher = createJobLauncher({
    ...ownParts(appliance.paths),
    settings: { ...ownParts(appliance.paths).settings, settleIntervalMs: 20 },
    adminPath: DEFAULT_ADMIN_PATH,
    runnerOutput: 'ignore',
    openPrivileged() {
      triedMs.push(performance.now());
      return REFUSED;
    },
  });
  const stop = await launcher.watch();
  try {
    const [first = 0, second = 0, third = 0] = await poll('it was tried three times', () =>
      Promise.resolve(triedMs.length >= 3 && triedMs),
    );
    expect(second - first).toBeGreaterThanOrEqual(1_000);
    expect(third - second).toBeGreaterThanOrEqual(2_000);
  } finally {
    await stop();
  }
});

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
