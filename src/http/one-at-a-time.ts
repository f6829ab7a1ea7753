import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** So many requests may wait on a connection: nobody who means well sends as many without reading an answer. */
const WAITING_LIMIT = 100;

/**
 * Handles the requests of a connection one after the other. Node hands over all that a client sends at once at once: a
 * few connections could keep everyone else waiting behind thousands of requests.
 */
export function oneAtATime(handler: RequestHandler): RequestHandler {
  const waitingOn = new WeakMap<Socket, [IncomingMessage, ServerResponse][]>();

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    response.once('close', () => {
      const next = waitingOn.get(socket)?.shift();
      if (!next) waitingOn.delete(socket);
      // After `Connection: close` nobody would get the answer.
      else if (socket.writable) handle(...next);
    });
    handler(request, response);
  };

  return (request, response) => {
    const { socket } = request;
    const waiting = waitingOn.get(socket);
    if (!waiting) {
      waitingOn.set(socket, []);
      handle(request, response);
    } else if (waiting.length < WAITING_LIMIT) waiting.push([request, response]);
    else socket.destroy();
  };
}
