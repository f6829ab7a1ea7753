import { readJsonFile } from '../../actions/read-json-file.js';
import type { Endpoint } from '../../http/endpoint.js';
import { verbatimJson } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

export const build: Endpoint = {
  name: 'build',
  method: 'GET',
  path: `${V1_PREFIX}/build`,
  summary: 'How the system was built; the vendor decides what it says.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"builddate":"123456789"}',
    errors: [[404, 'the appliance has no build file']],
  },
  handle: async ({ paths }) => verbatimJson(await readJsonFile(paths.build)),
};
