import { errnoOf, messageOf } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { Logger } from '../core/logger.js';
import { printable } from '../core/printable.js';
import { readTextSync } from '../core/read-only.js';
import { compileSchema } from './compile-schema.js';
import { describeSchemaError } from './schema.js';

/** First-level endpoints that `jidoteki-admin-api.json` must name before they exist; every other one always exists. */
const OPTIONAL_ENDPOINTS: readonly string[] = ['settings', 'certs', 'license', 'storage', 'backup'];

/** What `jidoteki-admin-api.json` switches on. */
export interface EndpointGate {
  /** @param name first-level endpoint, for example `update` */
  isEnabled(name: string): boolean;
  /** @param name form field that is optional in the API documentation, for example `ca` */
  isParameterEnabled(name: string): boolean;
  readonly firstRun: FirstRun | undefined;
  /** Reads the file again; an invalid one changes nothing. */
  reload(): void;
}

export interface FirstRun {
  /** Words in the first-run passphrase. */
  readonly wordLength: number;
}

interface EndpointConfiguration {
  readonly endpoints: readonly string[];
  readonly parameters: readonly string[];
  readonly 'first-run'?: { readonly enabled: boolean; readonly 'word-length': number };
}

const NAME_SHOWN = 64;

const validate = compileSchema<EndpointConfiguration>('jidoteki-admin-api');

/** Reads the endpoint configuration; a missing, empty or invalid file gives the defaults, and the log says so. */
export function readEndpointGate(file: string, logger: Logger): EndpointGate {
  let current = readConfiguration(file, logger) ?? NOTHING;
  return {
    isEnabled: (name) => !OPTIONAL_ENDPOINTS.includes(name) || current.endpoints.includes(name),
    isParameterEnabled: (name) => current.parameters.includes(name),
    get firstRun() {
      const firstRun = current['first-run'];
      return firstRun?.enabled === true ? { wordLength: firstRun['word-length'] } : undefined;
    },
    reload() {
      current = readConfiguration(file, logger) ?? current;
    },
  };
}

const NOTHING: EndpointConfiguration = { endpoints: [], parameters: [] };

/** Undefined for a file that is invalid or cannot be read. */
function readConfiguration(file: string, logger: Logger): EndpointConfiguration | undefined {
  try {
    const text = readTextSync(file);
    const configuration: unknown = text.trim() === '' ? {} : parseJson(text);
    if (validate(configuration)) {
      warnOfUnknown(configuration, file, logger);
      return configuration;
    }
    logger.warn(
      { file, reason: describeSchemaError(validate) },
      'invalid endpoint configuration is not used',
    );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      logger.info({ file }, 'no endpoint configuration: using the defaults');
      return NOTHING;
    }
    logger.warn({ file, reason: messageOf(error) }, 'unreadable endpoint configuration is not used');
  }
  return undefined;
}

function warnOfUnknown({ endpoints }: EndpointConfiguration, file: string, logger: Logger): void {
  for (const name of endpoints) {
    if (OPTIONAL_ENDPOINTS.includes(name)) continue;
    logger.warn(
      { file, name: printable(name, NAME_SHOWN), allowed: OPTIONAL_ENDPOINTS },
      'unknown endpoint in the configuration is ignored',
    );
  }
}
