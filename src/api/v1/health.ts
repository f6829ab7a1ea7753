import { readJsonFile } from '../../actions/read-json-file.js';
import type { Endpoint } from '../../http/endpoint.js';
import { verbatimJson } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

export const health: Endpoint = {
  name: 'health',
  method: 'GET',
  path: `${V1_PREFIX}/health`,
  summary: 'Disk, memory and processor, as they were a few seconds ago.',
  auth: 'token',
  example: {
    status: 200,
    contentType: 'application/json',
    body:
      '{"disk":{"used":"3.4G","total":"234G","percentage":2},"memory":{"used":"260M","total":"1000M",' +
      '"percentage":26},"cpu":{"num":1,"load":"0.66, 0.28, 0.14","cpu5min":0}}',
    errors: [[404, 'no health was recorded yet']],
  },
  handle: async ({ paths }) => verbatimJson(await readJsonFile(paths.health)),
};
