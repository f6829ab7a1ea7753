import { existsSync } from 'node:fs';
import { jobs } from '../../src/jobs/index.js';
import { beginJob, runJob } from '../../src/jobs/run-job.js';
import { settleUnderLock } from '../../src/jobs/settle.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { jobParts } from '../support/job-parts.js';

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
    const parts = await jobParts(name, paths);
    const records = await beginJob(parts);
    const succeed = () => Promise.reject(new Error('no space left on device'));
    const outcome = await runJob(parts, { ...records, succeed });
    await settleUnderLock(parts);
    await parts.lock.release();
    const { status } = (await readJobStatus(jobs[name].status(paths))).fields;
    expect([outcome.state, status, existsSync(paths[place])]).toEqual(['success', 'success', true]);
  },
);
