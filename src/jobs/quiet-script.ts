import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';
import type { JobLog } from '../records/job-log.js';
import { makeDirectory } from '../system/make-directory.js';
import { describeFailure, type LoggedResult } from '../system/script.js';

/** What a job's quiet script prints while it runs. */
export function spoolOf({ tmp }: Paths, job: string): string {
  return join(tmp, `${job}.output`);
}

/**
 * Runs a script whose output is of interest only if it fails: the logs of existing appliances do not have it. It is
 * appended to the job's log then.
 *
 * @param run runs the script with its output in the given file
 */
export async function runQuietly(
  spool: string,
  log: JobLog,
  run: (spool: string) => Promise<LoggedResult>,
): Promise<LoggedResult> {
  await rm(spool, { force: true });
  // An update script may have removed it meanwhile.
  await makeDirectory(dirname(spool));
  try {
    const result = await run(spool);
    const output = describeFailure(result) === undefined ? '' : await readSpool(spool);
    if (output !== '') await log.plain(output.replace(/\n$/, ''));
    return result;
  } finally {
    await rm(spool, { force: true });
  }
}

/** The script's own, and no longer than the settings allow: it may be more than a file that others could put there. */
async function readSpool(spool: string): Promise<string> {
  return (await readFile(spool, 'utf8').catch(ignoreMissing)) ?? '';
}
