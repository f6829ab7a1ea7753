import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { tellFirstRun } from './auth/first-run.js';
import type { Settings } from './config/settings.js';
import type { AppContext } from './context.js';
import { errnoOf, FatalError, messageOf } from './core/errors.js';
import { markProxied } from './http/client-address.js';
import { messageTypes, withoutTarget, type App } from './http/message-types.js';
import { oneAtATime } from './http/one-at-a-time.js';
import { watchConnections, type OpenConnections } from './http/open-connections.js';
import { describeMalformedRequest, refuseConnection } from './http/refuse-connection.js';
import { markAwaitingContinue } from './http/unread-body.js';
import type { KeyPair } from './system/certificate.js';
import { tlsPolicy } from './system/tls-policy.js';

export interface Listener {
  readonly server: Server | HttpsServer;
  readonly port: number;
  readonly connections: OpenConnections;
}

type ListenContext = Pick<AppContext, 'settings' | 'gate' | 'paths'>;

interface ListenAddress {
  /** Empty: every address of the machine. */
  readonly host: string;
  readonly port: number;
  /** What the person who starts the daemon would change to get another port. */
  readonly portOption: string;
}

/** The appliance's HTTPS port. A new pair is taken over with {@link takeOverCertificate}. */
export async function listenTls(
  app: App,
  context: ListenContext,
  pair: KeyPair,
  at: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createHttpsServer({
    ...httpOptions(app, context.settings),
    ...tlsPolicy(pair),
    handshakeTimeout: context.settings.headersTimeoutMs,
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return listen(server, app, context, { ...at, portOption: '--port' });
}

/** The plain port behind a proxy on this machine, which names the client in `X-Forwarded-For`. */
export async function listenBehindProxy(app: App, context: ListenContext, port: number): Promise<Listener> {
  const server = createHttpServer(httpOptions(app, context.settings));
  server.on('connection', markProxied);
  return listen(server, app, context, { host: '127.0.0.1', port, portOption: 'JIDO_API_PORT' });
}

/** Connections that are open keep the old pair, new ones get the new. */
export function takeOverCertificate(server: Server | HttpsServer, pair: KeyPair): void {
  if ('setSecureContext' in server) server.setSecureContext(tlsPolicy(pair));
}

/** Takes no new connection, lets requests finish, cuts off what is left after the grace. */
export async function closeGracefully({ server, connections }: Listener, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  connections.endWhenAnswered();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}

function httpOptions(app: App, settings: Settings) {
  return {
    ...messageTypes(app),
    maxHeaderSize: settings.headerLimitBytes,
    headersTimeout: settings.headersTimeoutMs,
    // An upload may take hours as long as it moves: idleness is bounded (below), not length.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(settings.headersTimeoutMs, 5_000),
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    requireHostHeader: false, // the pipeline does, in the form of all its answers
  };
}

async function listen(
  server: Server | HttpsServer,
  app: App,
  context: ListenContext,
  address: ListenAddress,
): Promise<Listener> {
  const { settings } = context;
  const connections = watchConnections(server, settings.connectionLimit);
  server.setTimeout(settings.idleTimeoutMs);
  const handler = oneAtATime((request, response) => void app(withoutTarget(request), response));
  server.on('request', handler);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    markAwaitingContinue(request);
    handler(request, response);
  });
  server.on('checkExpectation', handler); // one that is unknown may be ignored (RFC 9110, 10.1.1)
  const refuse = (socket: Socket, message: string) =>
    connections.answerLast(socket, () => refuseConnection(socket, message, tellFirstRun(context)));
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has taken its own listeners away.
    socket.on('error', () => socket.destroy()).on('timeout', () => socket.destroy());
    refuse(socket, 'CONNECT is not allowed');
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    if (!socket.writable || errnoOf(error) === 'ECONNRESET') socket.destroy();
    else refuse(socket, describeMalformedRequest(error));
  });
  try {
    const { host, port } = address;
    server.listen(host === '' ? { port } : { host, port });
    await once(server, 'listening');
  } catch (error) {
    throw new FatalError(describeListenError(error, address));
  }
  // A connection that could not be accepted: the next one may be.
  server.on('error', () => undefined);
  return { server, port: (server.address() as AddressInfo).port, connections };
}

function describeListenError(error: unknown, { host, port, portOption }: ListenAddress): string {
  const place = host === '' ? `port ${port}` : `port ${port} of ${host}`;
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return `Cannot listen on ${place}: another program uses it. Stop that program or choose another ${portOption}`;
    case 'EACCES':
      return `Cannot listen on ${place}: no permission. Choose a port above 1023 or run as root`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Cannot listen on ${place}: this machine has no such address. Choose another --host`;
    default:
      return `Cannot listen on ${place}: ${messageOf(error)}`;
  }
}
