import { readFileSync } from 'node:fs';
import { productPath } from './paths.js';

/** The version of the product itself, from its `package.json`. */
export function productVersion(): string {
  const { version } = JSON.parse(readFileSync(productPath('package.json'), 'utf8')) as { version: string };
  return version;
}
