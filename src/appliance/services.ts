import type { Paths } from '../config/paths.js';
import { isDoneWithin } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { printable } from '../core/printable.js';
import { readTextStart } from '../system/atomic-file.js';
import { captureScript } from '../system/captured-script.js';
import { systemScript } from './system-script.js';

export interface Service {
  readonly name: string;
  readonly state: 'running' | 'not running';
}

export interface ServiceParts {
  readonly paths: Paths;
  readonly logger: Logger;
}

const DEFAULT_SERVICE = 'jidoteki-admin-api';
const NAME = /^[A-Za-z0-9@._-]+$/;
const LIST_LIMIT_BYTES = 64 * 1024;

/** How many are asked at the same time. */
const BATCH = 32;
/** What all of them have together; a script that has no more time is killed. */
const ASK_MS = 1_200;
/** When the answer is given, whatever has become of the scripts. */
const ANSWER_MS = 1_800;
const OUTPUT_LIMIT_BYTES = 64 * 1024;
/** What existing appliances look for by `grep -w`. */
const RUNNING = /(?<![\p{L}\p{N}_])(is running|online)(?![\p{L}\p{N}_])/u;

/** Asks every service; one that has not answered after two seconds at most is `not running`. */
export async function readServices(parts: ServiceParts): Promise<readonly Service[]> {
  const names = await readNames(parts);
  const running = new Set<string>();
  await isDoneWithin(askAll(names, running, parts), ANSWER_MS);
  return names.map((name) => ({ name, state: running.has(name) ? 'running' : 'not running' }));
}

/** The daemon's own service, then those of the list in their order, each once. */
async function readNames(parts: ServiceParts): Promise<readonly string[]> {
  const { paths, logger } = parts;
  const isValid = (name: string) => {
    if (NAME.test(name)) return true;
    logger.warn(
      { file: paths.serviceList, name: printable(name, 64) },
      'invalid name of a service is ignored',
    );
    return false;
  };
  const listed = (await readList(parts)).split(/\s+/).filter((name) => name !== '');
  return [...new Set([DEFAULT_SERVICE, ...listed.filter(isValid)])];
}

async function readList({ paths: { serviceList: file }, logger }: ServiceParts): Promise<string> {
  try {
    return (await readTextStart(file, LIST_LIMIT_BYTES)) ?? '';
  } catch (error) {
    logger.warn({ file, reason: messageOf(error) }, 'the list of services cannot be read');
    return '';
  }
}

async function askAll(names: readonly string[], running: Set<string>, parts: ServiceParts): Promise<void> {
  const deadline = performance.now() + ASK_MS;
  // One that hangs takes no time from the next batch.
  const timeoutMs = Math.ceil(ASK_MS / Math.ceil(names.length / BATCH));
  for (let begin = 0; begin < names.length && performance.now() < deadline; begin += BATCH) {
    await Promise.all(
      names.slice(begin, begin + BATCH).map(async (name) => {
        if (await isRunning(name, timeoutMs, parts)) running.add(name);
      }),
    );
  }
}

async function isRunning(name: string, timeoutMs: number, { paths, logger }: ServiceParts): Promise<boolean> {
  try {
    const { output, isTooLong, timedOut, signal } = await captureScript({
      ...systemScript(paths, 'service-status.sh', [name]),
      timeoutMs,
      outputLimitBytes: OUTPUT_LIMIT_BYTES,
    });
    return !isTooLong && !timedOut && signal === undefined && RUNNING.test(output);
  } catch (error) {
    logger.warn({ name, reason: messageOf(error) }, 'a service could not be asked');
    return false;
  }
}
