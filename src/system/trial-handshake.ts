import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { messageOf } from '../core/errors.js';
import type { KeyPair } from './certificate.js';
import { tlsPolicy } from './tls-policy.js';

export interface Handshake {
  /** `TLSv1.3` */
  readonly protocol: string;
  readonly cipher: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Serves a pair to a client in this process the way that the listener would, and moves a byte through the connection.
 *
 * @throws Error whose reason {@link tlsReasonOf} tells
 */
export async function tryHandshake(pair: KeyPair): Promise<Handshake> {
  const [near, far] = duplexPair();
  const sockets: TLSSocket[] = [];
  try {
    const secureContext = createSecureContext(tlsPolicy(pair));
    const server = new TLSSocket(far, { isServer: true, secureContext });
    const client = connect({ socket: near, rejectUnauthorized: false });
    sockets.push(server, client);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const failed = Promise.race(sockets.map(throwErrorOf));
    client.write('x');
    // With TLS 1.3 the client is ready before the server is: only its byte tells that both are.
    await Promise.race([once(server, 'data', { signal }), failed]);
    return { protocol: client.getProtocol() ?? 'unknown', cipher: client.getCipher().name };
  } finally {
    for (const socket of sockets) socket.on('error', () => undefined).destroy();
  }
}

async function throwErrorOf(socket: TLSSocket): Promise<never> {
  const [error] = (await once(socket, 'error')) as [unknown];
  throw error;
}

/** OpenSSL's reason for an error without its numbers: `ee key too small`; of other errors the message. */
export function tlsReasonOf(error: unknown): string {
  const message = messageOf(error);
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(message)?.[1]?.trim() ?? message;
}

/** What is written to one end is read from the other. */
function duplexPair(): readonly [Duplex, Duplex] {
  const near: End = new End(() => far);
  const far: End = new End(() => near);
  return [near, far];
}

class End extends Duplex {
  #continue: (() => void) | undefined;

  constructor(private readonly other: () => End) {
    super();
  }

  override _read(): void {
    const proceed = this.#continue;
    this.#continue = undefined;
    proceed?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const other = this.other();
    other.#continue = done;
    other.push(chunk);
  }

  override _final(done: () => void): void {
    this.other().push(null);
    done();
  }
}
