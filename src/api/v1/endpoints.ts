import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';
import { PREFIX } from './prefix.js';

/** @param table every endpoint; read when asked, since this one is part of it */
export function endpointsEndpoint(table: () => readonly Endpoint[]): Endpoint {
  return {
    name: 'endpoints',
    method: 'GET',
    path: `${PREFIX}/endpoints`,
    summary: 'The endpoints that are switched on, first level only.',
    auth: 'token',
    example: {
      status: 200,
      contentType: 'application/json',
      body: '{"endpoints":["/api/v1/admin/update","/api/v1/admin/version","/docs"]}',
    },
    handle({ gate }) {
      const names = table()
        .filter(({ path, name }) => path.startsWith(PREFIX) && gate.isEnabled(name))
        .map(({ name }) => `${PREFIX}/${name}`);
      return Promise.resolve(json({ endpoints: [...new Set([...names, '/docs'])].sort() }));
    },
  };
}
