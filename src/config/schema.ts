import type { ErrorObject, ValidateFunction } from 'ajv';
import { AdminError } from '../core/errors.js';
import { printable } from '../core/printable.js';

const NAME_SHOWN = 64;

/** The first validation error as one line that names the place, what is wrong and what is allowed. */
export function describeSchemaError(validate: ValidateFunction): string {
  const error = validate.errors?.[0];
  if (!error) return 'invalid';
  const place = shown(error.instancePath.slice(1).replaceAll('/', '.'));
  if (error.keyword === 'additionalProperties') {
    const unknown = shown(String(error.params.additionalProperty));
    const allowed = Object.keys((error.parentSchema as { properties?: object }).properties ?? {}).join(', ');
    return `unknown name "${unknown}"${place === '' ? '' : ` in "${place}"`}. Allowed: ${allowed}`;
  }
  return `${place === '' ? 'it' : `"${place}"`} ${error.message ?? 'is invalid'}${allowedValues(error)}`;
}

/**
 * @throws AdminError `badRequest` for the first fault of a settings file in the order of its schema, in the words of the
 *   v1 API: they name the option and what is allowed
 */
export function requireValid(validate: ValidateFunction, value: unknown): void {
  if (!validate(value)) throw new AdminError('badRequest', describeOptionError(validate));
}

/** A missing option that is required has the empty text as its default, so that its length is at fault. */
function describeOptionError(validate: ValidateFunction): string {
  const error = validate.errors?.[0];
  const option = shown(error?.instancePath.split('/').at(-1) ?? '');
  const { minLength, maxLength } = (error?.parentSchema ?? {}) as { minLength?: number; maxLength?: number };
  switch (error?.keyword) {
    case 'characters':
      return `Missing or invalid string for option: ${option}. Allowed: ${String(error.schema)}`;
    case 'minLength':
    case 'maxLength':
      return `Invalid string length for option: ${option}. Allowed: >= ${minLength} and <= ${maxLength}`;
    case 'enum': {
      const unknown = error.propertyName;
      const allowed = (error.schema as string[]).join(', ');
      if (unknown === undefined) return `Invalid option: ${option}. Allowed: ${allowed}`;
      return `Unknown option: ${shown(unknown)}. Allowed: ${allowed}`;
    }
    default:
      return `Invalid type for option: ${option}. Expected ${error?.schema === 'string' ? 'a string' : 'an object'}`;
  }
}

/** A name from the input. */
function shown(name: string): string {
  return printable(name, NAME_SHOWN);
}

function allowedValues(error: ErrorObject): string {
  const allowed: unknown = error.params.allowedValues;
  return Array.isArray(allowed) ? `: ${allowed.join(', ')}` : '';
}
