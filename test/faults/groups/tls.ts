import assert from 'node:assert/strict';
import { errnoOf, messageOf } from '../../../src/core/errors.js';
import { hasTool } from '../../support/tools.js';
import { ask, ATTACKER, ended, openPlain, openTls, OPERATOR } from '../net/client.js';
import { GARBAGE } from '../net/hello.js';
import { scanWithSslscan, scanWithTestssl } from '../net/tls-scan.js';
import type { Group, Row, Verdict } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';
import { TOKEN } from '../../support/appliance.js';
import type { ConnectionOptions } from 'node:tls';

const PRE_SHARED: ConnectionOptions = {
  maxVersion: 'TLSv1.2',
  ciphers: 'PSK-AES128-GCM-SHA256:@SECLEVEL=0',
  pskCallback: () => ({ psk: Buffer.alloc(16), identity: 'a' }),
};

/** A client that asks for what must be refused: OpenSSL's own limits are taken off it. */
const REFUSED: readonly (readonly [what: string, options: ConnectionOptions])[] = [
  ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
  ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
  ...[
    'AES128-GCM-SHA256',
    'AES128-SHA',
    'AES256-SHA256',
    'ECDHE-RSA-AES128-SHA',
    'ECDHE-RSA-AES128-SHA256',
    'ECDHE-RSA-AES256-SHA384',
    'DHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-SHA',
    'CAMELLIA128-SHA',
    'ARIA128-GCM-SHA256',
    'AES128-CCM',
    'ADH-AES128-SHA',
    'AECDH-AES128-SHA',
    'eNULL',
  ].map(
    (ciphers) => [`only ${ciphers}`, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }] as const,
  ),
  ['only PSK-AES128-GCM-SHA256', PRE_SHARED],
  ...['ffdhe2048', 'ffdhe8192'].map(
    (group) => [`only the group ${group}`, { ecdhCurve: group, ciphers: 'DEFAULT:@SECLEVEL=0' }] as const,
  ),
  // TLS 1.3 does not know it.
  [
    'only the group secp224r1',
    { ecdhCurve: 'secp224r1', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT:@SECLEVEL=0' },
  ],
];

/** How a server refuses: with an alert, or by closing the connection. */
const SERVERS_WORD = /SSL alert number|^ECONNRESET|closed in the handshake/;
/** OpenSSL has nothing to ask with, or does not know what it is told to ask for. */
const CLIENTS_OWN =
  /^ERR_SSL_NO_(CIPHERS_AVAILABLE|PROTOCOLS_AVAILABLE|CIPHER_MATCH|SUITABLE_GROUPS)|^ERR_CRYPTO/;

/** As Debian calls it, and as its makers do. */
const TESTSSL = ['testssl', 'testssl.sh'] as const;

/** What a client may send along, which must change nothing. */
const ACCEPTED: readonly (readonly [what: string, options: ConnectionOptions])[] = [
  ['no name', {}],
  [
    'a name of 255 letters',
    { servername: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}` },
  ],
  ['a name that is a path', { servername: '../../etc/passwd' }],
  ['a name of control characters', { servername: 'a\u0001\u007fb' }],
  ['unknown protocols in ALPN', { ALPNProtocols: ['h2', 'http/1.1', '\u0001\u0002', 'x'.repeat(255)] }],
  [
    '200 protocols in ALPN',
    { ALPNProtocols: ['http/1.1', ...Array.from({ length: 200 }, (_, n) => `p${n}`)] },
  ],
];

export const tls: Group = {
  name: 'tls',
  about:
    'TLS scanners and broken TLS clients: nothing weak is offered, and nothing that a client sends takes the port down',
  lacks: () => (hasTool('sslscan') ? undefined : 'sslscan is not installed'),
  async *rows({ isShort, random }): AsyncIterable<Row> {
    const stand = await openStand({
      settings: { logLevel: 'info', headersTimeoutMs: 2_000, idleTimeoutMs: 5_000 },
      prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    });
    const { port } = stand.daemon;
    try {
      yield { name: 'sslscan finds nothing weak', run: () => scanWithSslscan(port) };
      if (!isShort) yield testsslRow(port);
      for (const [what, options] of REFUSED) {
        yield { name: `a client that speaks ${what} is refused`, run: () => mustRefuse(stand, options) };
      }
      for (const [what, options] of ACCEPTED) {
        yield { name: `a client that sends ${what} is answered`, run: () => mustAnswer(port, options) };
      }
      yield { name: 'renegotiation is refused', run: () => mustRefuseRenegotiation(port) };
      for (const [what, make] of GARBAGE) {
        const garbage = make(random.fork(what));
        yield { name: `${what} instead of a handshake`, run: () => garbageIsCutOff(stand, garbage) };
      }
      yield { name: 'garbage in the midst of a session', run: () => garbageInSession(stand) };
    } finally {
      await stand.close();
    }
  },
};

function testsslRow(port: number): Row {
  const name = 'testssl.sh finds nothing weak';
  const tool = TESTSSL.find(hasTool);
  const lacks = tool === undefined ? 'testssl.sh is not installed' : undefined;
  return { name, lacks, run: () => scanWithTestssl(tool ?? '', port), limitMs: 900_000 };
}

/** By the server's word; what the client's own library does not even ask for has missed. */
async function mustRefuse(stand: Stand, options: ConnectionOptions): Promise<Verdict> {
  const refusal = await openTls(stand.daemon.port, ATTACKER, options).then(
    ({ socket }) => {
      const spoken = `${socket.getProtocol() ?? ''} ${socket.getCipher().name}`;
      socket.destroy();
      throw new Error(`it spoke ${spoken}`);
    },
    (error: unknown) => `${errnoOf(error) ?? ''} ${messageOf(error)}`,
  );
  await operatorIsAnswered(stand);
  if (CLIENTS_OWN.test(refusal)) return 'missed';
  assert.match(refusal, SERVERS_WORD);
  return undefined;
}

async function mustAnswer(port: number, options: ConnectionOptions): Promise<void> {
  const { socket } = await openTls(port, ATTACKER, options);
  socket.write(`GET /api/v1/admin/version?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*\{"version":"1\.0\.0"\}$/);
}

async function mustRefuseRenegotiation(port: number): Promise<void> {
  const { socket } = await openTls(port, ATTACKER, { maxVersion: 'TLSv1.2' });
  const done = new Promise<string>((resolve) => {
    socket.once('close', () => resolve('closed')).once('error', () => resolve('refused'));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ? 'refused' : 'renegotiated'));
  });
  const outcome = await done;
  socket.destroy();
  assert.notEqual(outcome, 'renegotiated');
}

/** Cut off within the handshake's time limit, at the latest; meanwhile and afterwards the operator is answered. */
async function garbageIsCutOff(stand: Stand, garbage: Buffer): Promise<void> {
  const socket = await openPlain(stand.daemon.port);
  socket.resume();
  const closed = ended(socket);
  socket.write(garbage);
  await operatorIsAnswered(stand);
  await closed;
  assert(stand.isServing(), 'the daemon has ended');
}

async function garbageInSession(stand: Stand): Promise<void> {
  const { socket, below } = await openTls(stand.daemon.port);
  const closed = ended(below);
  socket.write('GET /api/v1/admin/ver');
  below.write(Buffer.alloc(20_000, 0x17));
  await operatorIsAnswered(stand);
  await closed;
}

async function operatorIsAnswered({ daemon: { port } }: Stand): Promise<void> {
  const { status } = await ask({ port, from: OPERATOR, path: `/api/v1/admin/version?token=${TOKEN}` });
  assert.equal(status, 200);
}
