import type { Endpoint, Method } from './endpoint.js';

/** A path and the endpoints that it offers, by method. */
export interface Resource {
  readonly name: string;
  readonly auth: Endpoint['auth'];
  readonly answersWhileStopping: boolean;
  readonly methods: ReadonlyMap<Method, Endpoint>;
}

export type Router = (path: string) => Resource | undefined;

/** Looks a decoded path up in the endpoint table: case-sensitive, one trailing slash accepted, nothing normalised. */
export function createRouter(endpoints: readonly Endpoint[]): Router {
  const resources = new Map<string, Resource & { readonly methods: Map<Method, Endpoint> }>();
  for (const endpoint of endpoints) {
    const resource = resources.get(endpoint.path) ?? {
      name: endpoint.name,
      auth: endpoint.auth,
      answersWhileStopping: endpoint.answersWhileStopping === true,
      methods: new Map(),
    };
    resource.methods.set(endpoint.method, endpoint);
    resources.set(endpoint.path, resource);
  }
  return (path) => resources.get(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
}
