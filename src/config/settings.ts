import { errnoOf, FatalError, messageOf } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { LogLevel } from '../core/logger.js';
import { printable } from '../core/printable.js';
import { readTextSync } from '../core/read-only.js';
import { compileSchema } from './compile-schema.js';
import { describeSchemaError } from './schema.js';

/** The daemon's own settings (`admind.json`); meaning, unit, default and range of each: `config/admind.schema.json`. */
export interface Settings {
  readonly acceptLegacyPackages: boolean;
  readonly applianceType: string;
  readonly authFailuresPerMinute: number;
  readonly certificateCheckIntervalMs: number;
  readonly connectionLimit: number;
  readonly debugCommandTimeLimitMs: number;
  readonly debugKeyPadding: 'pkcs1' | 'oaep';
  readonly headerLimitBytes: number;
  readonly headersTimeoutMs: number;
  readonly healthIntervalMs: number;
  readonly host: string;
  readonly idleTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly licenseTimeLimitMs: number;
  readonly logLevel: LogLevel;
  readonly packageEntryLimit: number;
  readonly port: number;
  readonly restoreEntryLimit: number;
  readonly scriptOutputLimitBytes: number;
  readonly scriptTimeLimitMs: number;
  readonly settleIntervalMs: number;
  readonly setupPauseMs: number;
  readonly shutdownGraceMs: number;
  readonly tls: boolean;
  readonly updateTimeLimitMs: number;
  readonly uploadLimitBytes: number;
}

/** V8 quotes the text around a fault. */
const REASON_SHOWN = 200;

const validate = compileSchema<Settings>('admind');

/**
 * Reads `admind.json`. A missing or empty file gives the defaults.
 *
 * @throws FatalError with one line that names the setting and what is allowed
 */
export function readSettings(file: string): Settings {
  const settings: unknown = parse(file, readText(file));
  if (!validate(settings)) throw new FatalError(`${file}: ${describeSchemaError(validate)}`);
  return settings;
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw new FatalError(`Cannot read ${file}: ${messageOf(error)}`);
  }
}

function parse(file: string, text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return parseJson(text);
  } catch (error) {
    throw new FatalError(`${file} is not valid JSON: ${printable(messageOf(error), REASON_SHOWN)}`);
  }
}
