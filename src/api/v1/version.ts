import { readVersion } from '../../appliance/version.js';
import { AdminError } from '../../core/errors.js';
import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

export const version: Endpoint = {
  name: 'version',
  method: 'GET',
  path: `${V1_PREFIX}/version`,
  summary: 'The version of the system.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"version":"1.0.0"}',
    errors: [[404, 'the appliance has no version file']],
  },
  handle({ paths }) {
    const installed = readVersion(paths.version);
    if (installed === undefined) throw new AdminError('notFound', '');
    return Promise.resolve(json({ version: installed }));
  },
};
