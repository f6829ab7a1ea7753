import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { errnoOf, FatalError, messageOf, AdminError } from './core/errors.js';
import type { Settings } from './config/settings.js';
import { markProxied } from './http/client-address.js';
import { limitConnections, type ConnectionLimit } from './http/connection-limit.js';
import { errorReply } from './http/error-reply.js';
import { messageTypes, type App } from './http/message-types.js';
import { oneAtATime } from './http/one-at-a-time.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { markAwaitingContinue } from './http/unread-body.js';
import type { KeyPair } from './system/certificate.js';
import { tlsPolicy } from './system/tls-policy.js';

export interface Listener {
  readonly server: Server | HttpsServer;
  readonly port: number;
  readonly connections: ConnectionLimit;
}

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
  settings: Settings,
  pair: KeyPair,
  at: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createHttpsServer({
    ...httpOptions(app, settings),
    ...tlsPolicy(pair),
    handshakeTimeout: settings.headersTimeoutMs,
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return listen(server, app, settings, { ...at, portOption: '--port' });
}

/** The plain port behind a proxy on this machine, which names the client in `X-Forwarded-For`. */
export async function listenBehindProxy(app: App, settings: Settings, port: number): Promise<Listener> {
  const server = createHttpServer(httpOptions(app, settings));
  server.on('connection', markProxied);
  return listen(server, app, settings, { host: '127.0.0.1', port, portOption: 'JIDO_API_PORT' });
}

/** Connections that are open keep the old pair, new ones get the new. */
export function takeOverCertificate(server: Server | HttpsServer, pair: KeyPair): void {
  if ('setSecureContext' in server) server.setSecureContext(tlsPolicy(pair));
}

/** Takes no new connection, lets requests finish, cuts off what is left after the grace. */
export async function closeGracefully({ server, connections }: Listener, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  connections.closeWithoutRequest();
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
  settings: Settings,
  address: ListenAddress,
): Promise<Listener> {
  const connections = limitConnections(server, settings.connectionLimit);
  server.setTimeout(settings.idleTimeoutMs);
  const handler = oneAtATime(app);
  server.on('request', handler);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    markAwaitingContinue(request);
    handler(request, response);
  });
  server.on('checkExpectation', handler); // one that is unknown may be ignored (RFC 9110, 10.1.1)
  server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuse(socket, 'CONNECT is not allowed'),
  );
  server.on('clientError', answerMalformedRequest);
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

/** What Node's parser refuses never reaches the pipeline, yet is answered in the same form. */
function answerMalformedRequest(error: Error, socket: Socket): void {
  if (!socket.writable || errnoOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  refuse(socket, MALFORMED[errnoOf(error) ?? ''] ?? 'Malformed HTTP request');
}

function refuse(socket: Socket, message: string): void {
  const { headers, body } = errorReply(new AdminError('badRequest', message), undefined);
  const lines = Object.entries({
    ...SECURITY_HEADERS,
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`);
}

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'The request head is too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request head took too long',
};
