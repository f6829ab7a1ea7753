import type { Paths } from '../../src/config/paths.js';
import { readSettings } from '../../src/config/settings.js';
import { createLogger } from '../../src/core/logger.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../src/jobs/index.js';
import type { JobParts } from '../../src/jobs/run-job.js';
import { acquireLock } from '../../src/system/lock.js';

/** What a job needs to run in this process, its lock included, which the caller releases. */
export async function jobParts(name: JobName, paths: Paths): Promise<JobParts> {
  const lock = await acquireLock(lockOf(name, paths));
  if (!lock) throw new Error(`${name} is running already`);
  return {
    job: jobs[name],
    paths,
    settings: readSettings(paths.settings),
    logger: createLogger('silent'),
    lock,
    inputs: {},
    stop: new AbortController().signal,
    answered: Promise.resolve(),
  };
}
