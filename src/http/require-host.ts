import { AdminError } from '../core/errors.js';
import type { Step } from './exchange.js';

/** Node's own check (RFC 9112, 3.2), done here so that it is answered like every other fault. */
export const requireHost: Step = (_exchange, request) => {
  if (request.httpVersion === '1.1' && request.headers.host === undefined) {
    throw new AdminError('badRequest', 'Missing header: Host');
  }
};
