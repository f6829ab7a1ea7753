import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { productPath } from './paths.js';

const ajv = new Ajv({ useDefaults: true, verbose: true });
// The unit of a setting, for the README.
ajv.addKeyword('x-unit');

/** A JSON Schema (draft-07) from the top-level `config/` folder, parsed. */
export function readSchema(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(productPath('config', `${name}.schema.json`), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** Compiles `config/<name>.schema.json`. A valid value has the schema's defaults filled in. */
export function compileSchema<T>(name: string): ValidateFunction<T> {
  return ajv.compile<T>(readSchema(name));
}

/** The first validation error as one line that names the place, what is wrong and what is allowed. */
export function describeSchemaError(validate: ValidateFunction): string {
  const error = validate.errors?.[0];
  if (!error) return 'invalid';
  const place = error.instancePath.slice(1).replaceAll('/', '.');
  if (error.keyword === 'additionalProperties') {
    const unknown = JSON.stringify(String(error.params.additionalProperty));
    const allowed = Object.keys((error.parentSchema as { properties?: object }).properties ?? {}).join(', ');
    return `unknown name ${unknown}${place === '' ? '' : ` in "${place}"`}. Allowed: ${allowed}`;
  }
  return `${place === '' ? 'it' : `"${place}"`} ${error.message ?? 'is invalid'}${allowedValues(error)}`;
}

function allowedValues(error: ErrorObject): string {
  const allowed: unknown = error.params.allowedValues;
  return Array.isArray(allowed) ? `: ${allowed.join(', ')}` : '';
}
