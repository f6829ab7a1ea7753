import { isFirstRunPending, readApiToken } from '../appliance/api-token.js';
import type { AppContext } from '../context.js';
import { sleep } from '../core/clock.js';
import { AdminError } from '../core/errors.js';
import type { Exchange, Step } from '../http/exchange.js';
import { isValidCredential } from './credential.js';
import { createThrottle } from './throttle.js';

/** Lets a request pass that may use its resource, by the resource's rule; before a byte of its body is read. */
export function authenticate(context: AppContext): Step {
  const throttle = createThrottle(context.settings.authFailuresPerMinute);
  /** What is refused to everyone is refused at once, but not told each time: that would let anyone fill the disk. */
  const told = createThrottle(context.settings.authFailuresPerMinute);

  const record = ({ id, path, address }: Exchange, action: string) =>
    context.audit.record({ id, action, target: path.slice(1), address });
  const refuse = async (exchange: Exchange, action: string, message: string): Promise<never> => {
    await record(exchange, action);
    throw new AdminError('forbidden', message);
  };

  return async (exchange, request) => {
    const rule = exchange.resource?.auth;
    if (rule === 'none' || (rule === 'setup' && request.method !== 'POST')) return;
    if (rule === 'token' && isFirstRunPending(context.paths)) {
      if (told.retryAfterSeconds(exchange.address) === 0) {
        told.recordFailure(exchange.address);
        await record(exchange, 'token.firstrun.failed');
      }
      throw new AdminError('forbidden', 'Authentication error');
    }
    const current = readApiToken(context.paths);
    // From here to `recordFailure` nothing is awaited, so guesses made at the same time are all counted.
    requireUnthrottled(throttle.retryAfterSeconds(exchange.address));
    const signed = `${request.method}${exchange.rawPath}`;
    if (current.state === 'set' && isValidCredential(exchange.query, current.token, signed)) {
      exchange.knownToken = current.token;
      return;
    }
    if (rule === 'setup' && current.state === 'absent') return;
    throttle.recordFailure(exchange.address);
    if (rule === 'setup') {
      await sleep(context.settings.setupPauseMs);
      await refuse(exchange, 'token.setup.failed', '');
    }
    await refuse(exchange, 'token.authenticate.failed', 'Authentication error');
  };
}

function requireUnthrottled(retryAfterSeconds: number): void {
  if (retryAfterSeconds === 0) return;
  throw new AdminError('throttled', `Too many failed attempts. Try again in ${retryAfterSeconds} s`, {
    retryAfterSeconds,
  });
}
