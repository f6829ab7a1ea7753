import { readJobProgress } from '../../actions/job-progress.js';
import { pathsOf, type Endpoint } from '../../http/endpoint.js';
import { accepted, json, textFile } from '../../http/reply.js';
import { updateJob } from '../../jobs/update.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

const path = `${V1_PREFIX}/update`;

export const startUpdate: Endpoint = {
  name: 'update',
  method: 'POST',
  path,
  summary: 'Update the system with an encrypted, signed package.',
  description:
    'The answer comes once the update has started; it goes on by itself, also when the daemon is restarted. Follow ' +
    'it with GET /update. Only one update runs at a time.',
  auth: 'token',
  form: { update: { kind: 'file', summary: 'The update package, software_package-<version>.enc.' } },
  example: {
    arguments: '-F update=@software_package-1.1.0.enc',
    status: 202,
    contentType: 'application/json',
    body: `{"Status":"202 Accepted","Location":"${path}"}`,
    errors: [
      [400, 'the file is missing, or an update is running already ("error-code":"E1004")'],
      [413, 'the package is larger than the limit or than the free disk space'],
    ],
  },
  refuse: ({ launcher }) => launcher.refuseIfBusy('update'),
  async handle({ launcher, audit }, { id, address, files }) {
    await launcher.start('update', pathsOf(files));
    await audit.record({ id, action: 'update.post', target: '', address });
    return accepted(path);
  },
};

export const updateStatus: Endpoint = {
  name: 'update',
  method: 'GET',
  path,
  summary: 'The status of the update and the last 10 lines of its log.',
  description:
    'status is running, success, failed, or null when there was no update yet. A failed one has error-message and ' +
    'error-code: E1000 fault in the update itself, E1001 wrong version, E1002 the update script failed or was cut ' +
    'off, E1003 package missing, E1005 package not decrypted, verified or extracted.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"status":"success","percentage":100,"log":"[1432140922][SYSTEM] Update successful\\\\n"}',
  },
  handle: async ({ paths }) => json(await readJobProgress(updateJob.status(paths), paths.updateLog)),
};

export const updateLog: Endpoint = {
  name: 'update',
  method: 'GET',
  path: `${path}/log`,
  summary: 'The whole log of the updates.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'text/plain',
    body: '[1433080791][SYSTEM] Updating system. Please wait..\n[1433080791][SYSTEM] Update successful\n',
    errors: [[404, 'there was no update yet']],
  },
  handle: ({ paths }) => Promise.resolve(textFile(paths.updateLog)),
};
