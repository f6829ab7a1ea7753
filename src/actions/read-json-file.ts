import { AdminError } from '../core/errors.js';
import { parseJson, withoutByteOrderMark } from '../core/json.js';
import { readTextFile } from '../system/atomic-file.js';

/**
 * The text of a JSON file that others write, as it is but for a byte order mark. Used by: GET /api/v1/admin/build, GET /api/v1/admin/health.
 *
 * @throws AdminError `notFound` when it is missing, empty or broken, or nests too deeply
 */
export async function readJsonFile(file: string): Promise<string> {
  const text = withoutByteOrderMark((await readTextFile(file)) ?? '');
  try {
    parseJson(text);
  } catch (cause) {
    throw new AdminError('notFound', '', { cause });
  }
  return text;
}
