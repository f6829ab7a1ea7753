import { lstat } from 'node:fs/promises';
import { ignoreMissing } from '../core/errors.js';

/**
 * Whether there is anything at a path, if only a link that leads nowhere. Unlike `existsSync` of `node:fs`, which takes every
 * error for a no.
 *
 * @throws the system error that kept it from being seen
 */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}
