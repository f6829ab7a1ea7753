import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

/** Where attackers come from; all of 127.0.0.0/8 is this machine. */
export const ATTACKER = '127.0.0.1';
/** Where the operator comes from, who must be answered whatever attackers do. */
export const OPERATOR = '127.0.0.2';

export interface Question {
  readonly port: number;
  readonly from?: string;
  readonly method?: string;
  /** Absolute, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** By plain HTTP, as a proxy asks. */
  readonly isPlain?: boolean;
  /** Default: half a minute. */
  readonly timeoutMs?: number;
  /** Default: the loopback address of IPv4. */
  readonly host?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** From the first step of the connection to the last byte. */
  readonly ms: number;
}

/** One request on a connection of its own. */
export async function ask(question: Question): Promise<Answer> {
  const { from, path, method = 'GET', headers, body, isPlain = false, timeoutMs = 30_000 } = question;
  const began = performance.now();
  const open = isPlain ? httpRequest : httpsRequest;
  const request = open({
    host: question.host ?? '127.0.0.1',
    port: question.port,
    localAddress: from,
    method,
    path,
    headers,
    agent: false,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(timeoutMs),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [
    AsyncIterable<Buffer> & Pick<Answer, 'headers'> & { statusCode?: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
    ms: performance.now() - began,
  };
}

/** A TCP connection; errors of it are its end, no more. */
export async function openPlain(port: number, from = ATTACKER): Promise<Socket> {
  const socket = connectPlain({ host: '127.0.0.1', port, localAddress: from });
  const opened = once(socket, 'connect');
  socket.on('error', () => undefined);
  await opened;
  return socket;
}

/** A TLS connection over a TCP connection of its own, which can be broken off below TLS. */
export async function openTls(
  port: number,
  from = ATTACKER,
  options: ConnectionOptions = {},
): Promise<{ readonly socket: TLSSocket; readonly below: Socket }> {
  const below = await openPlain(port, from);
  const socket = connect({ socket: below, rejectUnauthorized: false, ...options });
  const opened = once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  // One that is closed without an error would be waited for in vain.
  const closed = ended(below).then(() => Promise.reject(new Error('closed in the handshake')));
  await Promise.race([opened, closed]);
  return { socket, below };
}

/** Resolves when the connection is over, however it ended. */
export function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
