import { AdminError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { V1_STATUS } from './error-status.js';

export interface ErrorReply {
  readonly status: number;
  /** The status code's words, also in the body. */
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const HEADER_LIMIT = 512;

/** What a fault inside the product looks like from outside. */
const INTERNAL = new AdminError('internal', 'Internal error. See the log of the appliance');

/**
 * The v1 error answer: `{"Status":…,"Error-Message":…}`, the message in a header of that name, too.
 *
 * @param firstRun whether the first-run passphrase is pending; undefined where first run is not configured
 */
export function errorReply(thrown: unknown, firstRun: boolean | undefined): ErrorReply {
  const error = thrown instanceof AdminError ? thrown : INTERNAL;
  const [status, reason] = V1_STATUS[error.kind];
  const body: Record<string, string | boolean> = { Status: `${status} ${reason}` };
  const headers: Record<string, string> = {};
  if (error.message !== '') {
    body['Error-Message'] = error.message;
    // A header value must be printable ASCII and bounded, or Node throws.
    headers['Error-Message'] = printable(error.message, HEADER_LIMIT);
    if (error.code !== undefined) body['error-code'] = error.code;
    if (firstRun !== undefined) body['First-Run'] = firstRun;
  }
  if (error.retryAfterSeconds !== undefined) headers['Retry-After'] = String(error.retryAfterSeconds);
  return { status, reason, headers, body: JSON.stringify(body) };
}
