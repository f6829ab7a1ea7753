import { AdminError } from '../core/errors.js';
import { readTextFile } from '../system/atomic-file.js';

/**
 * The text of a JSON file that others write, as it is. Used by: GET /api/v1/admin/build, GET /api/v1/admin/health.
 *
 * @throws AdminError `notFound` when it is missing, empty or broken
 */
export async function readJsonFile(file: string): Promise<string> {
  const text = (await readTextFile(file)) ?? '';
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new AdminError('notFound', '', { cause });
  }
  return text;
}
