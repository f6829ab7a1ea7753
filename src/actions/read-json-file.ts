import { AdminError } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import { readTextFile } from '../system/atomic-file.js';

/**
 * The text of a JSON file that others write, as it is. Used by: GET /api/v1/admin/build, GET /api/v1/admin/health.
 *
 * @throws AdminError `notFound` when it is missing, empty or broken, or nests too deeply
 */
export async function readJsonFile(file: string): Promise<string> {
  const text = (await readTextFile(file)) ?? '';
  try {
    parseJson(text);
  } catch (cause) {
    throw new AdminError('notFound', '', { cause });
  }
  return text;
}
