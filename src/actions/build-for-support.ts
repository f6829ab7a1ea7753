import { access } from 'node:fs/promises';
import { AdminError } from '../core/errors.js';
import type { JobName } from '../jobs/index.js';
import type { JobLauncher } from '../jobs/launcher.js';

/**
 * Has a job make a file for support; whoever asks while one is being made gets the same. Used by: GET
 * /api/v1/admin/logs and /debug.
 *
 * @param required the vendor's files without which the appliance does not offer this
 * @throws AdminError `notFound` where one of them is missing, `badRequest` with the reason when the job failed
 */
export async function buildForSupport(
  launcher: JobLauncher,
  name: Extract<JobName, 'logs' | 'debug'>,
  required: readonly string[],
): Promise<void> {
  const outcome = await launcher.share(name);
  if (outcome.state === 'success') return;
  for (const file of required) {
    await access(file).catch((cause: unknown) => {
      throw new AdminError('notFound', '', { detail: outcome.reason, cause });
    });
  }
  const message = outcome.error?.message ?? 'The job that makes the file was cut off';
  throw new AdminError('badRequest', message, { detail: outcome.reason });
}
