import { AdminError } from '../core/errors.js';
import type { EndpointGate } from '../config/endpoint-gate.js';
import type { Step } from '../http/exchange.js';
import type { Router } from '../http/router.js';

/** Finds the resource of a request; one that is unknown or switched off does not exist, for anyone. */
export function findResource(route: Router, gate: EndpointGate): Step {
  return (exchange) => {
    const resource = route(exchange.path);
    if (!resource || !gate.isEnabled(resource.name)) throw new AdminError('notFound', '');
    exchange.resource = resource;
  };
}
