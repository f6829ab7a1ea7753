import type { Endpoint } from '../../http/endpoint.js';
import { redirect } from '../../http/reply.js';

export const root: Endpoint = {
  name: 'root',
  method: 'GET',
  path: '/',
  summary: 'Leads to the reference.',
  auth: 'none',
  example: { status: 200, contentType: 'text/html', body: '' },
  handle: () => Promise.resolve(redirect('/docs')),
};
