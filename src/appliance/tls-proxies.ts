import type { Paths } from '../config/paths.js';
import { messageOf } from '../core/errors.js';
import { captureScript } from '../system/captured-script.js';
import { describeFailure, type ScriptResult } from '../system/script.js';
import { systemScript } from './system-script.js';

/** Under `scripts/`: has the proxies on this machine, which serve the same files, take a new certificate over. */
export const RELOAD_PROXIES_SCRIPT = 'reload-tls-proxies.sh';

const OUTPUT_LIMIT_BYTES = 4096;

/** @returns what went wrong, in words; undefined when nothing did */
export function describeReload(result: ScriptResult): string | undefined {
  const failure = describeFailure(result);
  return failure === undefined
    ? undefined
    : `Reloading the TLS proxies failed: ${RELOAD_PROXIES_SCRIPT} ${failure}`;
}

/** Has them reload where no job does. @returns what went wrong, in words; undefined when nothing did */
export async function reloadProxies(paths: Paths, timeoutMs: number): Promise<string | undefined> {
  const call = {
    ...systemScript(paths, RELOAD_PROXIES_SCRIPT),
    timeoutMs,
    outputLimitBytes: OUTPUT_LIMIT_BYTES,
  };
  try {
    return describeReload(await captureScript(call));
  } catch (error) {
    return `Reloading the TLS proxies failed: ${messageOf(error)}`;
  }
}
