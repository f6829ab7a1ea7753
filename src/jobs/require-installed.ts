import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import { JobFailure } from './job.js';

/** @throws JobFailure that names a file which the vendor has to install, where it is missing */
export async function requireInstalled(file: string): Promise<void> {
  await access(file).catch((cause: unknown) => {
    throw new JobFailure({ message: `${basename(file)} is missing` }, { cause });
  });
}
