import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress } from './client-address.js';
import { clientNetwork } from './client-network.js';

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  /** Requests that are not answered yet. */
  readonly pending: Map<IncomingMessage, ServerResponse>;
  /** Sends what is the last answer. */
  sendLast?: () => void;
}

export interface OpenConnections {
  /**
   * Ends each when what it carries is answered, and at once where that is nothing: also those that Node does not call idle,
   * in the middle of a handshake, or without a request so far.
   */
  endWhenAnswered(): void;
  /**
   * Sends the last answer of a connection, to bytes that are no request: after those to the requests that came in whole
   * before them, never into one. Where a request that they cut off is being answered, its answer is the last one.
   */
  answerLast(socket: Socket, send: () => void): void;
}

/**
 * Keeps a server at `limit` open connections. One more takes the place of the oldest of the client that holds the most, if
 * possible of one that carries no request: refusing the new one instead would let one client that opens many shut everyone
 * out.
 */
export function watchConnections(server: Pick<Server, 'on'>, limit: number): OpenConnections {
  /** In the order in which they were opened. */
  const open = new Map<string, Connection>();
  const carriedBy = new WeakMap<Socket, Connection>();
  let isEnding = false;

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const network = clientNetwork(clientAddress(socket, undefined) ?? '');
    const connection: Connection = { socket, network, pending: new Map() };
    open.set(key, connection);
    carriedBy.set(socket, connection);
    socket.once('close', () => {
      if (open.get(key) === connection) open.delete(key);
    });
    if (open.size <= limit) return;
    const dispensable = chooseDispensable(open) ?? key;
    open.get(dispensable)?.socket.destroy();
    open.delete(dispensable);
  });

  // The socket of a request is the TLS one, that of a new connection the one below it: both have the same ends.
  server.on('secureConnection', (socket: Socket) => {
    const connection = open.get(keyOf(socket));
    if (connection) carriedBy.set(socket, connection);
  });

  const carry = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = carriedBy.get(socket);
    if (!connection) return;
    connection.pending.set(request, response);
    response.once('close', () => {
      connection.pending.delete(request);
      if (connection.sendLast) sendLastIfDue(connection, socket);
      else if (isEnding && connection.pending.size === 0) socket.destroySoon();
    });
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, carry);

  return {
    endWhenAnswered() {
      isEnding = true;
      for (const { socket, pending } of open.values()) if (pending.size === 0) socket.destroy();
    },
    answerLast(socket, send) {
      const connection = carriedBy.get(socket);
      if (!connection) {
        send();
        return;
      }
      connection.sendLast = send;
      sendLastIfDue(connection, socket);
    },
  };
}

/** @param socket what the requests came by */
function sendLastIfDue({ pending, sendLast }: Connection, socket: Socket): void {
  if (!sendLast || !socket.writable) return;
  const requests = [...pending.keys()];
  if (requests.some(({ complete }) => complete)) return;
  if ([...pending.values()].some(({ headersSent }) => headersSent)) socket.destroySoon();
  else sendLast();
}

function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function chooseDispensable(open: ReadonlyMap<string, Connection>): string | undefined {
  const held = new Map<string, number>();
  for (const { network } of open.values()) held.set(network, (held.get(network) ?? 0) + 1);
  let dispensable: { readonly key: string; readonly rank: number } | undefined;
  for (const [key, { network, pending }] of open) {
    // A client that holds the most goes first, also where all that it holds are requests: else those would be a way to stay.
    const rank = 2 * (held.get(network) ?? 0) + (pending.size === 0 ? 1 : 0);
    if (!dispensable || rank > dispensable.rank) dispensable = { key, rank };
  }
  return dispensable?.key;
}
