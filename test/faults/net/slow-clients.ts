import type { Socket } from 'node:net';
import { TOKEN } from '../../support/appliance.js';
import type { Random } from '../random.js';
import { ATTACKER, ended, openPlain, openTls } from './client.js';
import { clientHello } from './hello.js';

/** A client that takes a connection and then keeps it, doing next to nothing. */
export interface SlowClient {
  readonly name: string;
  open(port: number, random: Random): Promise<Held>;
  /** No more than this many at once: what a connection of this kind costs is not the daemon's to bound. */
  readonly atMost?: number;
}

/** The connection that it holds. */
export interface Held {
  readonly below: Socket;
  /** Only who reads sees the end. */
  readonly readOn?: () => void;
}

const PIPELINED = 100;
/** Who guesses is throttled, which the others must not be. */
const GUESSER = '127.0.0.3';
const DRIP_MS = 200;

const get = (path: string, token: string) =>
  `GET /api/v1/admin${path}?token=${token} HTTP/1.1\r\nHost: a\r\n\r\n`;

const upload = (path: string, query: string, lengthBytes: number) =>
  `POST /api/v1/admin${path}?${query} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
  `Content-Length: ${lengthBytes}\r\n\r\n--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\nhalf`;

export const slowClients: readonly SlowClient[] = [
  { name: 'TLS never begun', open: (port) => openAndSendPlain(port) },
  {
    name: 'half a hello',
    open: (port, random) => openAndSendPlain(port, clientHello(random).subarray(0, 40)),
  },
  {
    name: 'half a handshake',
    open: (port, random) => openAndSendPlain(port, clientHello(random)),
  },
  { name: 'no request', open: (port) => openAndSend(port, '') },
  {
    name: 'a head byte by byte',
    async open(port) {
      const { socket, below } = await openTls(port);
      socket.write('GET /api/v1/admin/version HTTP/1.1\r\nHost: a\r\nX-Slow: ');
      const drip = setInterval(() => socket.writable && socket.write('x'), DRIP_MS);
      void ended(below).then(() => clearInterval(drip));
      socket.resume();
      return { below };
    },
  },
  {
    name: 'an upload that stops',
    open: (port) => openAndSend(port, upload('/update', `token=${TOKEN}`, 1e9)),
  },
  {
    name: "a stranger's upload that stops",
    open: (port) => openAndSend(port, upload('/update', '', 1e9), GUESSER),
  },
  { name: 'a set-up that stops', open: (port) => openAndSend(port, upload('/setup', `token=${TOKEN}`, 1e3)) },
  {
    name: 'an answer that is never read',
    atMost: 200,
    async open(port) {
      const { socket, below } = await openTls(port);
      socket.write(get('/backup/download', TOKEN));
      socket.pause();
      return { below, readOn: () => void socket.resume() };
    },
  },
  { name: 'idle after an answer', open: (port) => openAndSend(port, get('/version', TOKEN)) },
  {
    name: `${PIPELINED} requests at once`,
    atMost: 500,
    open: (port) => openAndSend(port, get('/version', TOKEN).repeat(PIPELINED)),
  },
  {
    name: `${PIPELINED} wrong guesses at once`,
    atMost: 500,
    open: (port) => openAndSend(port, get('/version', 'wrong').repeat(PIPELINED), GUESSER),
  },
];

async function openAndSendPlain(port: number, bytes: Buffer = Buffer.alloc(0)): Promise<Held> {
  const below = await openPlain(port);
  if (bytes.length > 0) below.write(bytes);
  return { below: below.resume() };
}

async function openAndSend(port: number, text: string, from = ATTACKER): Promise<Held> {
  const { socket, below } = await openTls(port, from);
  if (text !== '') socket.write(text);
  socket.resume();
  return { below };
}
