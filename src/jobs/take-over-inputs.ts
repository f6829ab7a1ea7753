import { constants, open, rename } from 'node:fs/promises';
import type { Paths } from '../config/paths.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import type { Job } from './job.js';

const MODE = 0o600;
// A link, which whoever uploads by SFTP could put there meanwhile, is not followed, and a pipe is not waited for.
const AS_IT_IS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Moves uploaded files to where the job expects them. They may hold passwords and keys, and others may enter that
 * directory. A missing upload is left for the job to report.
 */
export async function takeOverInputs(
  job: Job,
  paths: Paths,
  inputs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [field, target] of Object.entries(job.inputs?.(paths) ?? {})) {
    const source = inputs[field];
    if (source === undefined) continue;
    await closeToOthers(source);
    if (source !== target) await rename(source, target).catch(ignoreMissing);
  }
}

async function closeToOthers(file: string): Promise<void> {
  try {
    const handle = await open(file, AS_IT_IS);
    await handle.chmod(MODE).finally(() => handle.close());
  } catch (error) {
    // Another owner's file keeps its mode.
    if (!['ENOENT', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
  }
}
