import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { SftpUploads } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';
import { parseJsonDocument } from '../core/json-document.js';
import { readTextFile } from '../system/atomic-file.js';
import { isObject, requireSettingsSize, type JsonObject } from './settings-file.js';

/** What an administrator has uploaded by SFTP, and the files it came from. */
export interface UploadedSettings {
  /** A settings file as POST /api/v1/admin/settings takes it. */
  readonly document: JsonObject;
  readonly sources: readonly string[];
}

/**
 * Composes the settings that were uploaded as `network.json` (else `network.conf`) and `app.json`; what was not
 * uploaded stays as it is.
 *
 * @param current the settings in place
 * @returns undefined where nothing was uploaded
 * @throws AdminError `badRequest` for a file that is no JSON, or larger than settings may be
 */
export async function readUploadedSettings(
  uploads: SftpUploads,
  current: { readonly networkJson: string; readonly appJson: string },
): Promise<UploadedSettings | undefined> {
  const [network, conf, app] = await Promise.all(
    [uploads.networkJson, uploads.networkConf, uploads.appJson].map(readUpload),
  );
  const uploaded = {
    ...(network === undefined ? {} : { [uploads.networkJson]: network }),
    ...(conf === undefined ? {} : { [uploads.networkConf]: conf }),
    ...(app === undefined ? {} : { [uploads.appJson]: app }),
  };
  if (Object.keys(uploaded).length === 0) return undefined;
  const present = async (file: string) => parse((await readTextFile(file)) ?? '{}', 'settings in place');
  return {
    sources: Object.keys(uploaded),
    document: {
      network:
        network !== undefined
          ? unwrap(parse(network, 'network.json'), 'network')
          : conf !== undefined
            ? networkOfConf(conf)
            : await present(current.networkJson),
      app: app === undefined ? await present(current.appJson) : unwrap(parse(app, 'app.json'), 'app'),
    },
  };
}

/**
 * The storage settings that were uploaded as `storage.json`, else as `storage.conf`.
 *
 * @returns undefined where nothing was uploaded
 * @throws AdminError `badRequest` for a file that is no JSON, or larger than settings may be
 */
export async function readUploadedStorage(uploads: SftpUploads): Promise<UploadedSettings | undefined> {
  const [json, conf] = await Promise.all([uploads.storageJson, uploads.storageConf].map(readUpload));
  if (json !== undefined) {
    const storage = unwrap(parse(json, 'storage.json'), 'storage');
    return { document: { storage }, sources: [uploads.storageJson, uploads.storageConf] };
  }
  if (conf === undefined) return undefined;
  return { document: { storage: Object.fromEntries(readConf(conf)) }, sources: [uploads.storageConf] };
}

/** Looked at before it is read: it may be of any size. */
async function readUpload(file: string): Promise<string | undefined> {
  requireSettingsSize((await stat(file).catch(ignoreMissing))?.size ?? 0, basename(file));
  return readTextFile(file);
}

function parse(text: string, what: string): unknown {
  return parseJsonDocument(Buffer.from(text), what);
}

/** The part itself, or a settings file that holds it. */
function unwrap(value: unknown, part: string): unknown {
  return isObject(value) && isObject(value[part]) ? value[part] : value;
}

/** The names of `network.conf` and what they are called in the settings. */
const CONF_NAMES: Readonly<Record<string, string>> = {
  interface: 'interface',
  hostname: 'hostname',
  ip: 'ip_address',
  subnet: 'netmask',
  subnet_ipv6: 'netmask',
  router: 'gateway',
  ntpserver: 'ntpserver',
};

function networkOfConf(conf: string): JsonObject {
  const values = readConf(conf);
  const [dns1, dns2] = (values.get('dns') ?? '').split(/\s+/).filter(Boolean);
  const named = Object.entries(CONF_NAMES).flatMap(([name, option]) => {
    const value = values.get(name);
    return value === undefined ? [] : [[option, value] as const];
  });
  return { ...Object.fromEntries(named), ...(dns1 && { dns1 }), ...(dns2 && { dns2 }) };
}

/** The `name=value` and `name="value"` lines of a file that a shell would source, read without one. */
function readConf(conf: string): ReadonlyMap<string, string> {
  return new Map(
    [...conf.matchAll(/^([a-z0-9_]+)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^"\r\n]*))\r?$/gm)].map(
      ([, name = '', quoted, plain = '']) => [name, quoted?.replace(/\\(["\\$`])/g, '$1') ?? plain],
    ),
  );
}
