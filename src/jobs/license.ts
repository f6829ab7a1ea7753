import { stat } from 'node:fs/promises';
import {
  LICENSE_LIMIT_BYTES,
  licenseScriptLimits,
  READ_LICENSE_SCRIPT,
  readLicenseOutput,
} from '../appliance/license.js';
import { ignoreMissing } from '../core/errors.js';
import { readBytes } from '../core/read-only.js';
import { JobFailure, type Job, type JobContext, type JobSuccess } from './job.js';

const MODE = 0o640;

/**
 * Puts a licence in place and keeps it if the vendor's `license.sh` can read it; the result is the JSON that it
 * prints. Used by: POST /api/v1/admin/license.
 */
export const licenseJob: Job = {
  name: 'license',
  title: 'License',
  stages: { start: 10, write: 30, read: 60 },
  texts: {
    started: () => 'Updating license. Please wait..',
    succeeded: () => 'Updating license successful',
    failed: () => 'Invalid or missing license file',
  },
  savesImage: true,
  status: ({ licenseStatus }) => ({ text: licenseStatus }),
  log: ({ licenseLog }) => ({ file: licenseLog, mode: 0o644 }),
  inputs: ({ licenseInput }) => ({ license: licenseInput }),
  staged: ({ licenseInput }) => [licenseInput],
  run,
};

async function run(context: JobContext): Promise<JobSuccess> {
  const { paths, settings } = context;
  const content = await readInput(paths.licenseInput);
  await context.stage('write');
  await context.replaceFiles([{ file: paths.license, content, mode: MODE }]);
  await context.stage('read');
  const reading = readLicenseOutput(
    await context.captureScript(READ_LICENSE_SCRIPT, [], licenseScriptLimits(settings)),
  );
  if ('fault' in reading) throw new JobFailure({ message: reading.fault });
  return { result: reading.json };
}

async function readInput(file: string): Promise<Buffer> {
  const size = (await stat(file).catch(ignoreMissing))?.size;
  if (size === undefined) throw new JobFailure({ message: 'The license file is missing' });
  if (size > LICENSE_LIMIT_BYTES) {
    throw new JobFailure({ message: `The license file is larger than ${LICENSE_LIMIT_BYTES} bytes` });
  }
  return readBytes(file);
}
