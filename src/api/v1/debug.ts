import { buildForSupport } from '../../actions/build-for-support.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';
import type { Endpoint } from '../../http/endpoint.js';
import { download } from '../../http/reply.js';

export const debug: Endpoint = {
  name: 'debug',
  method: 'GET',
  path: `${V1_PREFIX}/debug`,
  summary: 'Download an encrypted debug bundle as debug-bundle.tar.',
  description:
    'It holds what the commands in `etc/debug.txt` print, a manifest of how each of them ended, and the logs where ' +
    'there is an `etc/logs.txt`; it is made when it is asked for. A command that fails or runs too long does not ' +
    'keep the bundle from being made.\n\n' +
    'Only the vendor can read it: `admind bundle open debug-bundle.tar --key private.pem`.',
  auth: 'token',
  acts: true,
  example: {
    arguments: '-o debug-bundle.tar',
    status: 200,
    contentType: 'application/octet-stream',
    body: '(the bytes of debug-bundle.tar)',
    errors: [
      [404, 'the appliance has no etc/debug.txt or no etc/updates.pub'],
      [400, 'the bundle could not be made'],
    ],
  },
  async handle({ launcher, audit, paths }, { id, address }) {
    await buildForSupport(launcher, 'debug', [paths.debugList, paths.updatesPublicKey]);
    await audit.record({ id, action: 'debug.get', target: 'debug-bundle.tar', address });
    return download(paths.debugBundle, 'application/octet-stream');
  },
};
