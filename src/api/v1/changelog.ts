import type { Endpoint } from '../../http/endpoint.js';
import { textFile } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

export const changelog: Endpoint = {
  name: 'changelog',
  method: 'GET',
  path: `${V1_PREFIX}/changelog`,
  summary: 'What changed with the last update.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'text/plain',
    body: '# Changelog\n\n## 1.0.9 (2015-08-21)\n* Update app to version 2.1.2\n',
    errors: [[404, 'the appliance has no changelog']],
  },
  handle: ({ paths }) => Promise.resolve(textFile(paths.changelog)),
};
