import { buildForSupport } from '../../actions/build-for-support.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import type { Endpoint } from '../../http/endpoint.js';
import { download } from '../../http/reply.js';

export const logs: Endpoint = {
  name: 'logs',
  method: 'GET',
  path: `${V1_PREFIX}/logs`,
  summary: 'Download the logs as logs.tar.gz.',
  description:
    'The archive holds the log directory of the appliance and the files that `etc/logs.txt` names; it is made when it ' +
    'is asked for. Missing files are skipped, files with secrets are left out. It is not encrypted.',
  auth: 'token',
  acts: true,
  example: {
    arguments: '-o logs.tar.gz',
    status: 200,
    contentType: 'application/octet-stream',
    body: '(the bytes of logs.tar.gz)',
    errors: [
      [404, 'the appliance has no etc/logs.txt'],
      [400, 'the archive could not be made'],
    ],
  },
  async handle({ launcher, audit, paths }, { id, address }) {
    await buildForSupport(launcher, 'logs', [paths.logsList]);
    await audit.record({ id, action: 'logs.get', target: 'logs.tar.gz', address });
    return download(paths.logsArchive, 'application/octet-stream');
  },
};
