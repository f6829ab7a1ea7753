import { readFileSync } from 'node:fs';
import { errnoOf, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { compileSchema, describeSchemaError } from './schema.js';

/** First-level endpoints that `jidoteki-admin-api.json` must name before they exist; every other one always exists. */
const OPTIONAL_ENDPOINTS: readonly string[] = ['settings', 'certs', 'license', 'storage', 'backup'];

/** What `jidoteki-admin-api.json` switches on. */
export interface EndpointGate {
  /** @param name first-level endpoint, for example `update` */
  isEnabled(name: string): boolean;
  /** @param name form field that is optional in the API documentation, for example `ca` */
  isParameterEnabled(name: string): boolean;
  readonly firstRun: FirstRun | undefined;
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

const validate = compileSchema<EndpointConfiguration>('jidoteki-admin-api');

/** Reads the endpoint configuration; a missing, empty or invalid file gives the defaults, and the log says so. */
export function readEndpointGate(file: string, logger: Logger): EndpointGate {
  const configuration = readConfiguration(file, logger);
  for (const name of configuration.endpoints) {
    if (!OPTIONAL_ENDPOINTS.includes(name)) {
      logger.warn(
        { file, name, allowed: OPTIONAL_ENDPOINTS },
        'unknown endpoint in the configuration is ignored',
      );
    }
  }
  const enabled = new Set(configuration.endpoints);
  const parameters = new Set(configuration.parameters);
  const firstRun = configuration['first-run'];
  return {
    isEnabled: (name) => !OPTIONAL_ENDPOINTS.includes(name) || enabled.has(name),
    isParameterEnabled: (name) => parameters.has(name),
    firstRun: firstRun?.enabled === true ? { wordLength: firstRun['word-length'] } : undefined,
  };
}

function readConfiguration(file: string, logger: Logger): EndpointConfiguration {
  const defaults: EndpointConfiguration = { endpoints: [], parameters: [] };
  try {
    const text = readFileSync(file, 'utf8');
    const configuration: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (validate(configuration)) return configuration;
    logger.warn(
      { file, reason: describeSchemaError(validate) },
      'invalid endpoint configuration: using the defaults',
    );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      logger.info({ file }, 'no endpoint configuration: using the defaults');
    } else {
      logger.warn(
        { file, reason: messageOf(error) },
        'unreadable endpoint configuration: using the defaults',
      );
    }
  }
  return defaults;
}
