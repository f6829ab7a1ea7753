import { readStorage } from '../../actions/read-settings.js';
import { SETTINGS_FILE_LIMIT_BYTES } from '../../appliance/settings-file.js';
import { readStorageSettings } from '../../appliance/storage-settings.js';
import { fileOf, pathsOf, type Endpoint } from '../../http/endpoint.js';
import { accepted, verbatimJson } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

const path = `${V1_PREFIX}/storage`;

export const changeStorage: Endpoint = {
  name: 'storage',
  method: 'POST',
  path,
  summary: 'Change where persistent data is stored; it applies after a reboot.',
  description:
    'The file is a JSON object with `storage`: its type and exactly what that type has. `local`: nothing more; `nfs`: ' +
    'mount_options, ip, share; `aoe`: device; `iscsi`: target, ip, username, password; `nbd`: export_name, ip, port. ' +
    'All are text. The types that this appliance offers are the options of GET /storage.',
  auth: 'token',
  form: {
    settings: { kind: 'file', summary: 'The storage settings file.', limitBytes: SETTINGS_FILE_LIMIT_BYTES },
  },
  example: {
    arguments: '-F settings=@storage.json',
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [
      [400, 'the file is missing or an option is not allowed, or storage cannot change now'],
      [413, 'the file is too large'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('storage'),
  async handle({ launcher, audit, paths }, { id, address, files }) {
    await readStorageSettings(fileOf(files, 'settings'), paths);
    await launcher.start('storage', pathsOf(files));
    await audit.record({ id, action: 'storage.post', target: '', address });
    return accepted(path);
  },
};

export const storage: Endpoint = {
  name: 'storage',
  method: 'GET',
  path,
  summary: 'The storage settings, and the types that this appliance offers.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body:
      '{"storage":{"type":"nfs","mount_options":"noacl,sync","ip":"192.168.1.100","share":"/nfs/storage"},' +
      '"options":["local","nfs","nbd","iscsi","aoe"]}',
    errors: [[404, 'no storage settings were made yet, or the appliance offers none']],
  },
  handle: async ({ paths }) => verbatimJson(await readStorage(paths)),
};
