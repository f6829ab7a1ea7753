import type { Paths } from '../config/paths.js';
import { messageOf } from '../core/errors.js';
import { firstLine } from '../core/first-line.js';
import { captureScript } from '../system/captured-script.js';
import { describeFailure, type ScriptResult } from '../system/script.js';
import { systemScript } from './system-script.js';

/** Under `scripts/`: has the proxies on this machine, which serve the same files, take a new certificate over. */
export const RELOAD_PROXIES_SCRIPT = 'reload-tls-proxies.sh';

const OUTPUT_LIMIT_BYTES = 512;
/** Who waits for it may be a daemon that is to stop. */
const LIMIT_MS = 20_000;
const FAILED = 'Reloading the TLS proxies failed';

/** @returns what went wrong, in words; undefined when nothing did */
export function describeReload(result: ScriptResult): string | undefined {
  const failure = describeFailure(result);
  return failure === undefined ? undefined : `${FAILED}: ${RELOAD_PROXIES_SCRIPT} ${failure}`;
}

/** Has them reload where no job does, within 20 seconds. @returns what went wrong, in words; undefined when nothing did */
export async function reloadProxies(paths: Paths): Promise<string | undefined> {
  const limits = { timeoutMs: LIMIT_MS, outputLimitBytes: OUTPUT_LIMIT_BYTES };
  try {
    const result = await captureScript({ ...systemScript(paths, RELOAD_PROXIES_SCRIPT), ...limits });
    const failure = describeReload(result);
    return failure === undefined ? undefined : `${failure}. ${firstLine(result.output)}`.trim();
  } catch (error) {
    return `${FAILED}: ${messageOf(error)}`;
  }
}
