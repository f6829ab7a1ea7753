import {
  changingToken,
  createApiToken,
  endFirstRun,
  isFirstRunPending,
  readApiToken,
  replaceApiToken,
  type LockedTokenFiles,
  type TokenFiles,
} from '../appliance/api-token.js';
import type { Settings } from '../config/settings.js';
import { AdminError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { createJobLog } from '../records/job-log.js';
import type { ReplacedToken } from './operations.js';

const ALLOWED = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
const LONGEST = 255;

export interface SetTokenParts {
  readonly paths: LockedTokenFiles & { readonly tokenLog: string };
  readonly settings: Pick<Settings, 'applianceType'>;
  readonly logger: Logger;
}

/**
 * Sets the API token. Used by: POST /api/v1/admin/setup.
 *
 * @returns false when the token was set, replaced or reset by somebody else meanwhile
 * @throws AdminError as {@link requireValidToken}
 */
export async function setToken(
  { paths, settings, logger }: SetTokenParts,
  token: string,
  replaced: ReplacedToken,
): Promise<boolean> {
  requireValidToken(token);
  const log = createJobLog(paths.tokenLog, settings.applianceType, logger);
  const isSet = await changingToken(paths, async () => {
    if (typeof replaced === 'object' && !isCurrent(paths, replaced.known)) return false;
    if (replaced !== 'none') await replaceApiToken(paths, token);
    else if (!(await createApiToken(paths, token))) return false;
    await endFirstRun(paths).catch((error: unknown) => {
      // A passphrase that was chosen as the token is good for `/setup` alone until then.
      if (isFirstRunPending(paths)) throw error;
      logger.error({ reason: messageOf(error) }, 'the passphrase of the first run could not be removed');
    });
    return true;
  });
  if (!isSet) return false;
  await log.line('Updating API token. Please wait..');
  await log.line('Updating API token successful');
  return true;
}

/** A client may take its time between showing the token and sending the new one. */
function isCurrent(files: TokenFiles, known: string): boolean {
  const current = readApiToken(files);
  return current.state === 'set' && current.token === known;
}

/** @throws AdminError `badRequest` for what is not 1 to 255 characters of ASCII 33 to 126 */
export function requireValidToken(token: string): void {
  if (/[^!-~]/.test(token)) {
    throw new AdminError('badRequest', `Missing or invalid string for option: newtoken. Allowed: ${ALLOWED}`);
  }
  if (token.length < 1 || token.length > LONGEST) {
    throw new AdminError(
      'badRequest',
      `Invalid string length for option: newtoken. Allowed: >= 1 and <= ${LONGEST}`,
    );
  }
}
