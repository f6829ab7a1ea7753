import { stat } from 'node:fs/promises';
import type { LicenseReading } from '../appliance/license.js';
import { journalOf, type Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { sleep } from '../core/clock.js';
import { AdminError, ignoreMissing } from '../core/errors.js';
import { createShare } from '../core/share.js';
import type { Operations } from '../operations/operations.js';
import { findFileChange } from '../system/file-change.js';

export interface ReadLicenseParts {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly operations: Pick<Operations, 'readLicense'>;
}

const TRIAL_POLL_MS = 20;
/** Beyond the time that `license.sh` has: for the job to begin and to put the previous licence back. */
const TRIAL_MARGIN_MS = 5_000;

const share = createShare<LicenseReading>();

/**
 * The licence in place, as the JSON that the vendor's `license.sh` prints. Used by: GET /api/v1/admin/license.
 *
 * @throws AdminError `notFound` when there is none, or it is invalid
 */
export async function readLicense(parts: ReadLicenseParts): Promise<string> {
  await awaitTrial(parts);
  const { paths, operations } = parts;
  const stats = await stat(paths.license).catch(ignoreMissing);
  if (!stats) throw new AdminError('notFound', '');
  // Who asks for a new licence does not join a run that began with the old one.
  const key = `${paths.license} ${stats.ino} ${stats.mtimeMs}`;
  const reading = await share(key, () => operations.readLicense());
  if ('fault' in reading) throw new AdminError('notFound', '', { detail: reading.fault });
  return reading.json;
}

/** While a job, or what a killed one has left, can still put another licence back, the one in place is not the one. */
async function awaitTrial({ paths, settings }: ReadLicenseParts): Promise<void> {
  const deadline = performance.now() + settings.licenseTimeLimitMs + TRIAL_MARGIN_MS;
  while (performance.now() < deadline) {
    const change = await findFileChange(journalOf(paths, 'license'));
    if (change?.isCommitted !== false) return;
    await sleep(TRIAL_POLL_MS);
  }
}
