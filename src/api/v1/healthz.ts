import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';

export const healthz: Endpoint = {
  name: 'healthz',
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the daemon is ready.',
  description:
    'For scripts and load balancers, without a credential: 200 once the daemon serves, 503 while it stops. It says nothing else.',
  auth: 'none',
  example: {
    status: 200,
    contentType: 'application/json',
    body: '{"status":"ready"}',
    errors: [[503, 'the daemon is stopping']],
  },
  handle: () => Promise.resolve(json({ status: 'ready' })),
};
