import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';

export const healthz: Endpoint = {
  name: 'healthz',
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the daemon is ready.',
  description:
    'For scripts and load balancers, without a credential: 200 and `{"status":"ready"}` once the daemon serves, 503 and `{"status":"not ready"}` while it starts or stops.',
  auth: 'none',
  answersWhileStopping: true,
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"status":"ready"}',
    errors: [[503, 'the daemon is starting or stopping']],
  },
  handle: ({ isReady }) =>
    Promise.resolve(isReady() ? json({ status: 'ready' }) : json({ status: 'not ready' }, 503)),
};
