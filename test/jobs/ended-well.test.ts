import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { journalOf } from '../../src/config/paths.js';
import { jobs } from '../../src/jobs/index.js';
import { beginJob, runJob } from '../../src/jobs/run-job.js';
import { settleUnderLock } from '../../src/jobs/settle.js';
import { readJobStatus, writeJobStatus } from '../../src/records/job-status.js';
import { NOTHING_TO_TELL } from '../../src/system/change.js';
import { replaceFiles } from '../../src/system/file-change.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { jobParts } from '../support/job-parts.js';
import { writeScript } from '../support/script-file.js';
import { makePackage } from '../support/update-package.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

test('a stop that comes when update.sh has ended well is too late', async () => {
  const { paths } = appliance;
  const file = await makePackage(appliance, { 'update.sh': 'exit 0\n' });
  const stop = new AbortController();
  const parts = { ...(await jobParts('update', paths)), inputs: { update: file }, stop: stop.signal };
  const records = await beginJob(parts);
  const stage = async (name: string) => {
    await records.stage(name);
    if (name === 'ended') stop.abort(new Error('the machine goes down'));
  };
  expect(await runJob(parts, { ...records, stage })).toEqual({ state: 'success' });
  await parts.lock.release();
});

test('a committed change whose failure was told is a success in the end', async () => {
  const { paths, write, read } = appliance;
  await write(paths.license, 'old');
  const replacement = { file: paths.license, content: 'new', mode: 0o640 };
  await (await replaceFiles(journalOf(paths, 'license'), [replacement])).commit({});
  await writeJobStatus(jobs.license.status(paths), 'failed');
  const parts = await jobParts('license', paths);
  await settleUnderLock(parts);
  await parts.lock.release();
  const { status } = (await readJobStatus(jobs.license.status(paths))).fields;
  expect([status, await read(paths.license)]).toEqual(['success', 'new']);
  expect(await read(paths.licenseLog)).toMatch(/Updating license successful\n$/);
});

test('a committed change of no job is closed, and makes a success of no failure', async () => {
  const { paths, write, read } = appliance;
  await write(paths.license, 'old');
  const replacement = { file: paths.license, content: 'new', mode: 0o640 };
  await (await replaceFiles(journalOf(paths, 'license'), [replacement])).commit(NOTHING_TO_TELL);
  await writeJobStatus(jobs.license.status(paths), 'failed');
  const parts = await jobParts('license', paths);
  await settleUnderLock(parts);
  await parts.lock.release();
  const { status } = (await readJobStatus(jobs.license.status(paths))).fields;
  expect([status, await read(paths.license)]).toEqual(['failed', 'new']);
  expect(await readdir(paths.journals)).toEqual([]);
});

test('what saves the live image holds the lock of the job, as its own scripts do', async () => {
  const { paths, root, write } = appliance;
  await writeScript(join(paths.bin, 'license.sh'), 'echo "{}"');
  await writeScript(paths.symlinktool, 'exit 0');
  await write(join(root, 'sent'), 'new');
  const parts = await jobParts('license', paths);
  const groups: number[] = [];
  const addGroup = (leader: number) => {
    groups.push(leader);
    return parts.lock.addGroup(leader);
  };
  const counted = { ...parts, inputs: { license: join(root, 'sent') }, lock: { ...parts.lock, addGroup } };
  const records = await beginJob(counted);
  expect(await runJob(counted, records)).toMatchObject({ state: 'success' });
  expect(groups).toHaveLength(2);
  await parts.lock.release();
});
