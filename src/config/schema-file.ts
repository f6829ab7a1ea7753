import { readFileSync } from 'node:fs';
import { productPath } from './paths.js';

/** A JSON Schema (draft-07) from the top-level `config/` folder, parsed. */
export function readSchema(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(productPath('config', `${name}.schema.json`), 'utf8')) as Record<
    string,
    unknown
  >;
}
