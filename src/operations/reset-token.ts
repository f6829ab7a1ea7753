import { renewPassphrase } from '../appliance/first-run.js';
import type { FirstRun } from '../config/endpoint-gate.js';
import { createJobLog } from '../records/job-log.js';
import type { SetTokenParts } from './set-token.js';

/**
 * Voids the API token: from now on only `/setup` answers, to whoever knows the passphrase.
 *
 * @param firstRun as the endpoint configuration has it; a reset needs no first run that is switched on
 * @returns the passphrase
 */
export async function resetToken(
  { paths, settings, logger }: SetTokenParts,
  firstRun: FirstRun | undefined,
): Promise<string> {
  const log = createJobLog(paths.tokenLog, settings.applianceType, logger);
  const passphrase = await renewPassphrase(paths, firstRun);
  await log.line('API token reset. Waiting for a new one');
  return passphrase;
}
