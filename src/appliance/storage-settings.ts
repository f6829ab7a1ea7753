import { compileSchema } from '../config/compile-schema.js';
import type { Paths } from '../config/paths.js';
import { requireValid } from '../config/schema.js';
import { AdminError } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import { readTextFile } from '../system/atomic-file.js';
import type { FileReplacement } from '../system/file-change.js';
import { isObject, jsonLine, readSettingsFile } from './settings-file.js';

/** A valid storage settings file: `type` and exactly what that type has, in the order sent. */
export interface StorageSettings {
  readonly storage: Readonly<Record<string, string>>;
}

const MODE = 0o640;
const TYPES: readonly string[] = ['local', 'nfs', 'aoe', 'iscsi', 'nbd'];

const validate = compileSchema<StorageSettings>('storage');

/** @throws AdminError `badRequest` that says what is wrong with the file, or that this appliance lacks the type */
export async function readStorageSettings(file: string, paths: Paths): Promise<StorageSettings> {
  const { storage = {} } = await readSettingsFile(file);
  if (isObject(storage)) await requireOffered(storage.type, paths);
  // Validation fills in what is missing, so it gets a copy.
  requireValid(validate, { storage: isObject(storage) ? { ...storage } : storage });
  return { storage: storage as StorageSettings['storage'] };
}

/** The two files that hold the settings. */
export function storageFiles({ storage }: StorageSettings, paths: Paths): readonly FileReplacement[] {
  const lines = Object.entries(storage).map(([name, value]) => `${name}="${escapeForShell(value)}"\n`);
  return [
    { file: paths.storageJson, content: jsonLine({ storage }), mode: MODE },
    { file: paths.storageConf, content: lines.join(''), mode: MODE },
  ];
}

/**
 * What `storage-options.json` offers.
 *
 * @returns undefined where there is no such file, only `local` where it cannot be read or understood
 */
export async function readStorageOptions({ storageOptions }: Paths): Promise<readonly string[] | undefined> {
  try {
    const text = await readTextFile(storageOptions);
    if (text === undefined) return undefined;
    const { options } = parseJson(text) as { options?: unknown };
    if (Array.isArray(options) && options.every((option) => typeof option === 'string')) return options;
  } catch {
    // Like a file of another shape.
  }
  return ['local'];
}

async function requireOffered(type: unknown, paths: Paths): Promise<void> {
  const offered = await readStorageOptions(paths);
  const allowed = TYPES.filter((known) => offered?.includes(known) ?? true);
  if (typeof type === 'string' && allowed.includes(type)) return;
  throw new AdminError('badRequest', `Invalid option: type. Allowed: ${allowed.join(', ')}`);
}

/** Inside double quotes a shell expands these four. */
function escapeForShell(value: string): string {
  return value.replace(/["\\$`]/g, '\\$&');
}
