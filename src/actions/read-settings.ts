import { isObject } from '../appliance/settings-file.js';
import { readStorageOptions } from '../appliance/storage-settings.js';
import type { Paths } from '../config/paths.js';
import { AdminError } from '../core/errors.js';
import { parseExactJson, stringifyExactJson } from '../core/exact-json.js';
import { readJsonFile } from './read-json-file.js';

/**
 * The network and app settings in place, as JSON. Used by: GET /api/v1/admin/settings.
 *
 * @throws AdminError `notFound` unless both files exist and can be read
 */
export async function readSettings({ networkJson, appJson }: Paths): Promise<string> {
  const [network, app] = await Promise.all([networkJson, appJson].map(readJson));
  return stringifyExactJson({ network, app });
}

/**
 * The storage settings in place, as JSON, and the types that the appliance offers. Used by: GET /api/v1/admin/storage.
 *
 * @throws AdminError `notFound` unless both files exist and the settings can be read
 */
export async function readStorage(paths: Paths): Promise<string> {
  const options = await readStorageOptions(paths);
  if (options === undefined) throw new AdminError('notFound', '');
  const settings = await readJson(paths.storageJson);
  if (!isObject(settings)) throw new AdminError('notFound', '');
  return stringifyExactJson({ ...settings, options });
}

async function readJson(file: string): Promise<unknown> {
  return parseExactJson(await readJsonFile(file));
}
