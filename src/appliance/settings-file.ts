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
  requireSettingsSize((await stat(file)).size, 'settings file');
  const value = parseJsonDocument(await readBytes(file), 'settings file');
  if (!isObject(value)) throw new AdminError('badRequest', 'Invalid settings file. Expected a JSON object');
  return value;
}

/**
 * @param what as the refusal names it
 * @throws AdminError `badRequest` for more than {@link SETTINGS_FILE_LIMIT_BYTES}
 */
export function requireSettingsSize(sizeBytes: number, what: string): void {
  if (sizeBytes <= SETTINGS_FILE_LIMIT_BYTES) return;
  throw new AdminError('badRequest', `Invalid ${what}. Allowed: at most ${SETTINGS_FILE_LIMIT_BYTES} bytes`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a settings file has held, its integers digit by digit as they were sent. */
export function jsonLine(value: unknown): string {
  return `${stringifyExactJson(value)}\n`;
}
