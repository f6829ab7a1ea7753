import type { Random } from '../random.js';

type Make = (random: Random) => Buffer;

const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;

/** What arrives where a TLS handshake is due. */
export const GARBAGE: readonly (readonly [what: string, make: Make])[] = [
  ['plain HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
  ['random bytes', (random) => bytes(random, 4096)],
  ['zeros', () => Buffer.alloc(70_000)],
  [
    'an SSL 2 hello',
    () =>
      Buffer.from(
        '802e010002001500000010010080020080030080040080050080060040070 0c0'.replace(' ', ''),
        'hex',
      ),
  ],
  ['half a record', () => record(Buffer.alloc(100)).subarray(0, 50)],
  [
    'a record that says it is longer than allowed',
    () => Buffer.from([HANDSHAKE, 3, 1, 0xff, 0xff, ...Array<number>(500).fill(1)]),
  ],
  ['empty records', () => Buffer.concat(Array.from({ length: 5_000 }, () => record(Buffer.alloc(0))))],
  ['a hello that says it is 16 MB', () => record(Buffer.from([CLIENT_HELLO, 0xff, 0xff, 0xff, 3, 3]))],
  [
    'a hello in records of one byte',
    (random) => Buffer.concat([...hello(bytes(random, 32))].map((byte) => record(Buffer.from([byte])))),
  ],
  ['a hello without ciphers', (random) => record(hello(bytes(random, 32), Buffer.alloc(0)))],
  [
    'a hello with random extensions',
    (random) => record(hello(bytes(random, 32), undefined, bytes(random, 400))),
  ],
  ['a heartbeat', () => Buffer.from([0x18, 3, 2, 0, 3, 1, 0x40, 0])],
  [
    'alerts',
    () => Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from([0x15, 3, 3, 0, 2, 1, 90]))),
  ],
  [
    'data before a handshake',
    (random) => Buffer.concat([Buffer.from([0x17, 3, 3, 0x10, 0]), bytes(random, 0x1000)]),
  ],
];

/** A well-formed hello of TLS 1.2, unless told otherwise; the server answers it, and waits for the rest. */
export function clientHello(random: Random): Buffer {
  return record(hello(bytes(random, 32)));
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function record(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([HANDSHAKE, 3, 1, body.length >> 8, body.length & 255]), body]);
}

/** RFC 5246, 7.4.1.2. */
function hello(
  nonce: Buffer,
  ciphers: Buffer = Buffer.from([0xc0, 0x2f, 0xc0, 0x2b]),
  extensions: Buffer = EXTENSIONS,
): Buffer {
  const body = Buffer.concat([
    ...[Buffer.from([3, 3]), nonce, Buffer.from([0])],
    ...[Buffer.from([ciphers.length >> 8, ciphers.length & 255]), ciphers, Buffer.from([1, 0])],
    ...[Buffer.from([extensions.length >> 8, extensions.length & 255]), extensions],
  ]);
  return Buffer.concat([Buffer.from([CLIENT_HELLO, 0, body.length >> 8, body.length & 255]), body]);
}

/** Groups (x25519, P-256), point formats (uncompressed), signatures (RSA-PSS and PKCS #1, SHA-256). */
const EXTENSIONS = Buffer.from('000a00060004001d0017000b00020100000d000600040804' + '0401', 'hex');
