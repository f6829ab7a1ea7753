import { existsSync } from 'node:fs';
import { createLogger } from '../../src/core/logger.js';
import { readSettings } from '../../src/config/settings.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { jobs } from '../../src/jobs/index.js';
import { beginJob, runJob, type JobParts } from '../../src/jobs/run-job.js';
import { settleUnderLock } from '../../src/jobs/settle.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { acquireLock } from '../../src/system/lock.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

test.each([
  ['logs', 'logsArchive'],
  ['debug', 'debugBundle'],
] as const)(
  'the success of %s cannot be told: what is there for download, and what is told later, are of one kind',
  async (name, place) => {
    const { paths, write } = appliance;
    await write(paths.logsList, '');
    await write(paths.debugList, 'echo one\n');
    const lock = await acquireLock(lockOf(name, paths));
    if (!lock) throw new Error('it is running already');
    const parts: JobParts = {
      job: jobs[name],
      paths,
      settings: readSettings(paths.settings),
      logger: createLogger('silent'),
      lock,
      inputs: {},
      stop: new AbortController().signal,
      answered: Promise.resolve(),
    };
    const records = await beginJob(parts);
    const succeed = () => Promise.reject(new Error('no space left on device'));
    const outcome = await runJob(parts, { ...records, succeed });
    await settleUnderLock(parts);
    await lock.release();
    const { status } = (await readJobStatus(jobs[name].status(paths))).fields;
    expect([outcome.state, status, existsSync(paths[place])]).toEqual(['success', 'success', true]);
  },
);
