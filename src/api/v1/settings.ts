import { readSettings } from '../../actions/read-settings.js';
import { networkMode, readNetworkSettings } from '../../appliance/network-settings.js';
import { SETTINGS_FILE_LIMIT_BYTES } from '../../appliance/settings-file.js';
import { fileOf, pathsOf, type Endpoint } from '../../http/endpoint.js';
import { accepted, verbatimJson } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

const path = `${V1_PREFIX}/settings`;

export const changeSettings: Endpoint = {
  name: 'settings',
  method: 'POST',
  path,
  summary: 'Change the network and app settings.',
  description:
    'The file is a JSON object with `network` and `app`. `network` needs interface (3 to 14 letters and digits) and ' +
    'hostname (3 to 255 of letters, digits, `.-`); with ip_address, netmask and gateway the address is static, else ' +
    'it comes by DHCP; dns1, dns2 and ntpserver are optional. Names that are not known here are kept as they are, ' +
    'and so is all of `app`.\n\n' +
    'All of it takes effect or nothing: where the network cannot be set up, the previous settings are put back and ' +
    'the log says so. The address of the appliance may be another one after that.',
  auth: 'token',
  form: { settings: { kind: 'file', summary: 'The settings file.', limitBytes: SETTINGS_FILE_LIMIT_BYTES } },
  example: {
    arguments: '-F settings=@settings.json',
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [
      [400, 'the file is missing or an option is not allowed, or settings cannot change now'],
      [413, 'the file is too large'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('settings'),
  async handle({ launcher, audit }, { id, address, files }) {
    const mode = networkMode(await readNetworkSettings(fileOf(files, 'settings')));
    await launcher.start('settings', pathsOf(files));
    await audit.record({ id, action: 'settings.post', target: mode, address });
    return accepted(path);
  },
};

export const settings: Endpoint = {
  name: 'settings',
  method: 'GET',
  path,
  summary: 'The network and app settings.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body:
      '{"network":{"mode":"static","interface":"eth0","hostname":"test.host","ip_address":"192.168.1.100",' +
      '"netmask":"255.255.255.0","gateway":"192.168.1.1","dns1":"192.168.1.2"},"app":{"name":"testapp"}}',
    errors: [[404, 'no settings were made yet']],
  },
  handle: async ({ paths }) => verbatimJson(await readSettings(paths)),
};
