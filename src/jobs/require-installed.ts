import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf } from '../core/errors.js';
import { JobFailure } from './job.js';

/** Far more than a vendor lists. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * @throws JobFailure that names a file which the vendor has to install, where it is missing, something else is there, or more
 *   than 1 MiB
 */
export async function requireInstalled(file: string): Promise<void> {
  const stats = await stat(file).catch((cause: unknown) => {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '');
    throw new JobFailure(
      { message: `${basename(file)} ${isMissing ? 'is missing' : 'cannot be read'}` },
      { cause },
    );
  });
  if (!stats.isFile()) throw new JobFailure({ message: `${basename(file)} is not a regular file` });
  if (stats.size > LIMIT_BYTES) {
    throw new JobFailure({ message: `${basename(file)} is larger than ${LIMIT_BYTES} bytes` });
  }
}
