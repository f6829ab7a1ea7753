import type { Socket } from 'node:net';
import { AdminError, errnoOf } from '../core/errors.js';
import { errorReply } from './error-reply.js';
import { SECURITY_HEADERS } from './security-headers.js';

/** Who does not close after being refused is closed, also while he sends on: the answer had the time to reach him. */
const CLOSING_LIMIT_MS = 5_000;

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request head is too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request head took too long',
};

/** @param error Node's parser's, for what is no request */
export function describeMalformedRequest(error: Error): string {
  return MALFORMED[errnoOf(error) ?? ''] ?? 'Malformed HTTP request';
}

/**
 * Answers 400 to what never reaches the pipeline, in the form of all its answers, and ends the connection.
 *
 * @param firstRun as for {@link errorReply}
 */
export function refuseConnection(socket: Socket, message: string, firstRun: boolean | undefined): void {
  const { headers, body } = errorReply(new AdminError('badRequest', message), firstRun);
  const lines = Object.entries({
    ...SECURITY_HEADERS,
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const timer = setTimeout(() => socket.destroy(), CLOSING_LIMIT_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`);
  // Else nobody would see that the client closes it.
  socket.resume();
}
