import { isDiskFull } from '../core/errors.js';
import { writeSynced } from '../system/atomic-file.js';
import { JobFailure, type JobContext } from './job.js';

/** Readable for the group that may download it by SFTP. */
const MODE = 0o640;

/**
 * Writes a file for download under another name, then puts it in its place: whoever reads the previous one goes on
 * reading that, which stays unless the job succeeds.
 *
 * @throws JobFailure when the disk is full while it is written
 */
export async function publishFile(
  context: JobContext,
  file: string,
  staged: string,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  await writeOrExplain(staged, content, MODE);
  await context.replaceFiles([{ file, staged }]);
}

/** Writes a new file. @throws JobFailure when the disk is full while it is written */
export async function writeOrExplain(
  file: string,
  content: string | Buffer | AsyncIterable<Buffer>,
  mode: number,
): Promise<void> {
  await writeSynced(file, content, { mode }).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
    throw new JobFailure({ message: 'Not enough disk space' }, { cause: error });
  });
}
