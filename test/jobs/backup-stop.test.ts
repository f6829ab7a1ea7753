import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../src/core/clock.js';
import { backupJob } from '../../src/jobs/backup.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { EVERYTHING } from '../support/appliance.js';
import { CAMPAIGN_ROUNDS } from '../support/campaign-rounds.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { runnerOf } from '../support/running-job.js';

/** About what the backup takes. */
const LONGEST_MS = 300;

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, EVERYTHING),
  });
  const { paths, write } = appliance;
  await write(paths.backupList, 'app\n');
  for (let file = 0; file < 150; file += 1)
    await write(join(paths.data, `app/${file}`), 'text\n'.repeat(2000));
});
afterEach(() => appliance.stop());

const order = async (action: 'START' | 'STOP') =>
  (await appliance.signed('POST', '/backup').field('action', action)).status;
const ended = () =>
  poll('the backup ends', async () => {
    const { status } = (await readJobStatus(backupJob.status(appliance.paths))).fields;
    return status !== 'running' && status;
  });

/** But for one that was being written, of which what a killed writer leaves stays for a minute. */
const journals = async () =>
  (await readdir(appliance.paths.journals)).filter((name) => !/^\..*\.new$/.test(name));

test(
  'STOP right after a backup was killed deletes its archive, and nothing brings it back',
  async () => {
    const { paths } = appliance;
    expect([await order('START'), await ended()]).toEqual([202, 'success']);
    for (let round = 0; round < CAMPAIGN_ROUNDS; round += 1) {
      expect(await order('START')).toBe(202);
      const runner = await runnerOf('backup', paths);
      await sleep(Math.random() * LONGEST_MS);
      if (runner !== undefined) killIfAlive(runner);
      expect(await order('STOP')).toBe(202);
      expect([await readdir(paths.uploads), await journals()]).toEqual([[], []]);
      expect([await order('START'), await ended()]).toEqual([202, 'success']);
    }
  },
  60_000 + CAMPAIGN_ROUNDS * 5_000,
);

test('STOP removes a status that a killed backup had not finished writing, and nothing else', async () => {
  const { paths, write } = appliance;
  expect([await order('START'), await ended()]).toEqual([202, 'success']);
  await write(join(paths.uploads, '.backup.json.9a790a0057169a790a0057169a79.new'), '{');
  await write(join(paths.uploads, '.other.9a790a0057169a790a0057169a79.new'), 'kept');
  expect(await order('STOP')).toBe(202);
  expect(await readdir(paths.uploads)).toEqual(['.other.9a790a0057169a790a0057169a79.new']);
});

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' });
  }
}
