import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { journalOf, type Paths } from '../../../src/config/paths.js';
import { lockOf } from '../../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import { readJobStatus } from '../../../src/records/job-status.js';
import { readTextFile } from '../../../src/system/atomic-file.js';
import { isLocked } from '../../../src/system/lock.js';
import type { TestAppliance } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';

/** The type of an appliance whose settings name none, as logs tell it. */
export const TYPE = 'system';

/** How a job ended, as its records tell it. */
export interface Told {
  readonly status: unknown;
  /** `success` or `failed` by the last line of its log that says so; undefined where none does. */
  readonly log: string | undefined;
}

/** Resolves when the job has ended, and a change that was cut off is put back or closed. */
export async function awaitSettled(job: JobName, { paths }: TestAppliance): Promise<void> {
  await poll(`${job} is settled`, async () => {
    const { fields } = await readJobStatus(jobs[job].status(paths));
    const isOver = !(await isLocked(lockOf(job, paths))) && fields.status !== 'running';
    return isOver && !existsSync(journalOf(paths, job));
  });
}

/** Resolves when the success of a job that runs is to be seen. */
export async function awaitTold(job: JobName, { paths }: TestAppliance): Promise<void> {
  await poll(`${job} tells its success`, async () => {
    const { fields } = await readJobStatus(jobs[job].status(paths));
    return fields.status === 'success';
  });
}

/** @throws AssertionError when the records of the job contradict each other */
export async function readTold(job: JobName, appliance: TestAppliance): Promise<Told> {
  const { paths, read } = appliance;
  const files = jobs[job].status(paths);
  const { fields } = await readJobStatus(files);
  if (files.text !== undefined && files.json !== undefined) {
    const text = (await readTextFile(files.text))?.trim();
    assert.equal(text, fields.status, 'the two status files of the job tell the same');
  }
  const log = await read(jobs[job].log(paths).file).catch(() => '');
  return { status: fields.status, log: endOf(job, log, paths) };
}

/** Backup and restore share a log, so only the lines of this job count. */
function endOf(job: JobName, log: string, paths: Paths): string | undefined {
  const { succeeded, failed, started } = jobs[job].texts;
  for (const line of log.split('\n').reverse()) {
    const text = /^\[\d+\]\[SYSTEM\] (.*)$/.exec(line)?.[1];
    if (text === succeeded(TYPE)) return 'success';
    if (text === failed(TYPE)) return 'failed';
    if (text === started(TYPE, paths)) return undefined;
  }
  return undefined;
}
