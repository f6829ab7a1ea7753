import type { Endpoint } from '../../http/endpoint.js';
import { json } from '../../http/reply.js';
import { V1_PREFIX } from '../../config/v1-prefix.js';

/** @param table every endpoint; read when asked, since this one is part of it */
export function endpointsEndpoint(table: () => readonly Endpoint[]): Endpoint {
  return {
    name: 'endpoints',
    method: 'GET',
    path: `${V1_PREFIX}/endpoints`,
    summary: 'The endpoints that are switched on, first level only.',
    auth: 'token',
    example: {
      status: 200,
      contentType: 'application/json',
      body: '{"endpoints":["/api/v1/admin/update","/api/v1/admin/version","/docs"]}',
    },
    handle({ gate }) {
      const names = table()
        .filter(({ path, name }) => path.startsWith(V1_PREFIX) && gate.isEnabled(name))
        .map(({ name }) => `${V1_PREFIX}/${name}`);
      return Promise.resolve(json({ endpoints: [...new Set([...names, '/docs'])].sort() }));
    },
  };
}
