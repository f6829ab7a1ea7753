import { stat } from 'node:fs/promises';
import { AdminError } from '../core/errors.js';
import { stringifyExactJson } from '../core/exact-json.js';
import { parseJsonDocument } from '../core/json-document.js';
import { readBytes } from '../core/read-only.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The largest settings file. */
export const SETTINGS_FILE_LIMIT_BYTES = 1024 * 1024;

/**
 * Reads a settings file that a client has sent: an object.
 *
 * @throws AdminError `badRequest` that says what is wrong with it
 */
export async function readSettingsFile(file: string): Promise<JsonObject> {
  if ((await stat(file)).size > SETTINGS_FILE_LIMIT_BYTES) {
    throw new AdminError(
      'badRequest',
      `Invalid settings file. Allowed: at most ${SETTINGS_FILE_LIMIT_BYTES} bytes`,
    );
  }
  const value = parseJsonDocument(await readBytes(file), 'settings file');
  if (!isObject(value)) throw new AdminError('badRequest', 'Invalid settings file. Expected a JSON object');
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a settings file has held, its integers digit by digit as they were sent. */
export function jsonLine(value: unknown): string {
  return `${stringifyExactJson(value)}\n`;
}
