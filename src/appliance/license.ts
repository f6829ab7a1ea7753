import type { Settings } from '../config/settings.js';
import { messageOf } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { CapturedResult, CapturedScriptCall } from '../system/captured-script.js';
import { describeFailure, isProgramMissing } from '../system/script.js';
import { isObject } from './settings-file.js';

/** The largest licence file. */
export const LICENSE_LIMIT_BYTES = 1024 * 1024;

/** Under `scripts/`: calls the vendor's `license.sh`, which prints the licence in place as a JSON object. */
export const READ_LICENSE_SCRIPT = 'read-license.sh';

const OUTPUT_LIMIT_BYTES = 64 * 1024;

export function licenseScriptLimits({
  licenseTimeLimitMs,
}: Settings): Pick<CapturedScriptCall, 'timeoutMs' | 'outputLimitBytes'> {
  return { timeoutMs: licenseTimeLimitMs, outputLimitBytes: OUTPUT_LIMIT_BYTES };
}

/** The JSON as `license.sh` printed it, or what is wrong in words that show nothing of the licence. */
export type LicenseReading = { readonly json: string } | { readonly fault: string };

export function readLicenseOutput(result: CapturedResult): LicenseReading {
  const { output, isTooLong, exitCode } = result;
  if (isTooLong) return { fault: `license.sh printed more than ${OUTPUT_LIMIT_BYTES} bytes` };
  if (exitCode === 126 || exitCode === 127) {
    return { fault: 'license.sh, or a program that it calls, is missing or not executable' };
  }
  const failure = describeFailure(result);
  if (failure !== undefined) return { fault: `license.sh ${failure}` };
  return isJsonObject(output) ? { json: output.trim() } : { fault: 'license.sh did not print a JSON object' };
}

/** The same where not even a shell is there to run it. @throws every other error */
export function readLicenseFault(error: unknown): LicenseReading {
  if (!isProgramMissing(error)) throw error;
  return { fault: `license.sh cannot be run: ${messageOf(error)}` };
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(parseJson(text.trim()));
  } catch {
    return false;
  }
}
