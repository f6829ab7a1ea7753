import { compileSchema } from '../config/compile-schema.js';
import { requireValid } from '../config/schema.js';
import type { Paths } from '../config/paths.js';
import { readTextFile } from '../system/atomic-file.js';
import type { FileReplacement } from '../system/file-change.js';
import { isObject, jsonLine, readSettingsFile, type JsonObject } from './settings-file.js';

/** The argument of the appliance's `network.sh`. */
export type NetworkMode = 'static' | 'dhcp';

/** A valid settings file; `network` and `app` may hold more than is known here. */
export interface NetworkSettings {
  readonly network: JsonObject;
  readonly app: JsonObject;
}

const MODE = 0o640;
const OPTIONAL = ['ip_address', 'netmask', 'gateway', 'dns1', 'dns2', 'ntpserver'];

const validate = compileSchema<{ network: Record<string, string>; app: JsonObject }>('settings');

/** @throws AdminError `badRequest` that says what is wrong with the file */
export async function readNetworkSettings(file: string): Promise<NetworkSettings> {
  const { network = {}, app = {} } = await readSettingsFile(file);
  // Validation fills in what is missing, so it gets a copy; an empty optional text counts as absent.
  requireValid(validate, { app, network: isObject(network) ? present(network) : network });
  return { network: network as JsonObject, app: app as JsonObject };
}

export function networkMode({ network }: NetworkSettings): NetworkMode {
  const { ip_address: address, netmask, gateway } = network;
  return address && netmask && gateway ? 'static' : 'dhcp';
}

/** The three files that hold the settings. */
export function networkFiles(settings: NetworkSettings, paths: Paths): readonly FileReplacement[] {
  const { mode: _clients, ...network } = settings.network;
  return [
    { file: paths.appJson, content: jsonLine(settings.app), mode: MODE },
    { file: paths.networkJson, content: jsonLine({ mode: networkMode(settings), ...network }), mode: MODE },
    { file: paths.networkConf, content: networkConf(settings), mode: MODE },
  ];
}

/** The mode of the `network.conf` in place; undefined where there is none. */
export async function currentNetworkMode({ networkConf: file }: Paths): Promise<NetworkMode | undefined> {
  const [, mode] = /^mode=(static|dhcp)$/m.exec((await readTextFile(file)) ?? '') ?? [];
  return mode as NetworkMode | undefined;
}

/** Sourced by shells: the validated characters have no meaning to one. */
function networkConf(settings: NetworkSettings): string {
  const network = present(settings.network) as Readonly<Record<string, string | undefined>>;
  const address = network.ip_address ?? '';
  const subnet = /^\d+(\.\d+){3}$/.test(address) ? 'subnet' : 'subnet_ipv6';
  const second = network.dns2 === undefined ? '' : ` ${network.dns2}`;
  const addressLines = [
    `ip=${address}`,
    `${subnet}=${network.netmask}`,
    `router=${network.gateway}`,
    `dns="${network.dns1 ?? ''}${second}"`,
  ];
  const mode = networkMode(settings);
  return [
    `mode=${mode}`,
    `interface=${network.interface}`,
    ...(mode === 'static' ? addressLines : []),
    `hostname="${network.hostname}"`,
    `ntpserver="${network.ntpserver ?? ''}"`,
    '',
  ].join('\n');
}

function present(network: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(network).filter(([name, value]) => value !== '' || !OPTIONAL.includes(name)),
  );
}
