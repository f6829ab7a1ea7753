import type { IncomingMessage, ServerResponse } from 'node:http';

/** A body up to this size is read and dropped, so that the connection can serve the next request. */
const KEEP_ALIVE_LIMIT_BYTES = 64 * 1024;
/** How long the rest of a longer body is dropped, so that the client reads the answer before the connection goes. */
const LINGER_MS = 5_000;

const awaitingContinue = new WeakSet<IncomingMessage>();

/** The client sent `Expect: 100-continue`: it holds its body back until it is told to go on. */
export function markAwaitingContinue(request: IncomingMessage): void {
  awaitingContinue.add(request);
}

/** Called just before a body is read. */
export function continueBody(request: IncomingMessage, response: ServerResponse): void {
  if (awaitingContinue.delete(request)) response.writeContinue();
}

/**
 * Answers a request whose body was not read to its end: the answer goes out at once, the connection closes after it,
 * and what the client still sends is dropped for a bounded time. Closing at once could destroy the answer on its way
 * (RFC 9112, 9.6).
 *
 * @returns false where nothing needs doing: the body was read, or is dropped by Node itself: a short one, where the client
 *   did not ask for the connection to be closed
 */
export function closeAfterUnreadBody(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Buffer,
): boolean {
  if (request.complete || request.destroyed) return false;
  const held = awaitingContinue.has(request);
  const length = Number(request.headers['content-length'] ?? Infinity);
  const hasBody = request.headers['transfer-encoding'] !== undefined || length > 0;
  const isDropped = length <= KEEP_ALIVE_LIMIT_BYTES && response.shouldKeepAlive;
  if (!hasBody || (!held && isDropped)) return false;
  response.setHeader('Connection', 'close');
  if (held) return false;
  response.write(body);
  const timer = setTimeout(end, LINGER_MS);
  function end() {
    clearTimeout(timer);
    response.end();
  }
  request.on('end', end).on('close', end).on('error', end);
  request.resume();
  return true;
}
