import { AdminError } from '../core/errors.js';
import type { Step } from './exchange.js';

/** Finds the endpoint for the request's method; `HEAD` is answered by a `GET` that changes nothing. */
export const selectMethod: Step = (exchange, request) => {
  const methods = exchange.resource?.methods;
  const get = methods?.get('GET');
  const endpoint =
    request.method === 'HEAD' && get?.acts !== true ? get : methods?.get(request.method as 'GET' | 'POST');
  if (!endpoint) {
    const expected = [...(methods?.keys() ?? [])].sort().join(' or ');
    throw new AdminError('badRequest', `Invalid authentication method. Expected ${expected}`);
  }
  exchange.endpoint = endpoint;
};
