import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress } from './client-address.js';
import { clientNetwork } from './client-network.js';

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  /** Requests that are not answered yet. */
  pending: number;
}

export interface ConnectionLimit {
  /** Also those that Node does not call idle: in the middle of a handshake, or without a request so far. */
  closeWithoutRequest(): void;
}

/**
 * Keeps a server at `limit` open connections. One more takes the place of the oldest of the client that holds the most, if
 * possible of one that carries no request: refusing the new one instead would let one client that opens many shut everyone
 * out.
 */
export function limitConnections(server: Pick<Server, 'on'>, limit: number): ConnectionLimit {
  /** In the order in which they were opened. */
  const open = new Map<string, Connection>();
  const carriedBy = new WeakMap<Socket, Connection>();

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const connection = { socket, network: clientNetwork(clientAddress(socket, undefined) ?? ''), pending: 0 };
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

  const count = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = carriedBy.get(socket);
    if (!connection) return;
    connection.pending += 1;
    response.once('close', () => (connection.pending -= 1));
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, count);

  return {
    closeWithoutRequest() {
      for (const { socket, pending } of open.values()) if (pending === 0) socket.destroy();
    },
  };
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
    const rank = 2 * (held.get(network) ?? 0) + (pending === 0 ? 1 : 0);
    if (!dispensable || rank > dispensable.rank) dispensable = { key, rank };
  }
  return dispensable?.key;
}
