import {
  licenseScriptLimits,
  READ_LICENSE_SCRIPT,
  readLicenseFault,
  readLicenseOutput,
} from '../appliance/license.js';
import { readServices } from '../appliance/services.js';
import { systemScript } from '../appliance/system-script.js';
import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { createTurns } from '../core/turns.js';
import { captureScript } from '../system/captured-script.js';
import type { Operations } from './operations.js';
import { setToken } from './set-token.js';
import { stopBackup } from './stop-backup.js';

export interface OperationParts {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly logger: Logger;
}

/** The operations with the rights of this process. */
export function createOwnOperations(parts: OperationParts): Operations {
  const { paths, settings } = parts;
  const takeTurns = createTurns();
  return {
    setToken: (token, replaced) => takeTurns(() => setToken(parts, token, replaced)),
    stopBackup: () => stopBackup(parts),
    readServices: () => readServices(parts),
    readLicense: () =>
      captureScript({
        ...systemScript(paths, READ_LICENSE_SCRIPT),
        ...licenseScriptLimits(settings),
      }).then(readLicenseOutput, readLicenseFault),
  };
}
