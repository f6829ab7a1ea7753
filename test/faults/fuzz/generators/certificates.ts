import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { productPath } from '../../../../src/config/paths.js';
import { readPem } from '../../../../src/system/pem.js';
import { damaged } from './damaged.js';

const LABELS = [
  ...['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE', 'CERTIFICATE REQUEST'],
  ...['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'DSA PRIVATE KEY', ''],
];
const HEADERS = [
  'Proc-Type: 4,ENCRYPTED',
  'DEK-Info: AES-256-CBC,00',
  'Proc-Type: 4',
  'X:',
  ': y',
  'Comment: \u0000',
];

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const ed = generateKeyPairSync('ed25519').privateKey;
const contents: readonly Buffer[] = [
  ...rootCertificates.slice(0, 12).flatMap((pem) => readPem(Buffer.from(pem)).map(({ der }) => der)),
  rsa.export({ type: 'pkcs1', format: 'der' }),
  rsa.export({ type: 'pkcs8', format: 'der' }),
  ec.export({ type: 'sec1', format: 'der' }),
  ec.export({ type: 'pkcs8', format: 'der' }),
  ed.export({ type: 'pkcs8', format: 'der' }),
  Buffer.from(readFileSync(productPath('package.json'))),
  Buffer.alloc(0),
];

const block = fc
  .record({
    label: fc.constantFrom(...LABELS),
    end: fc.option(fc.constantFrom(...LABELS), { freq: 6, nil: undefined }),
    headers: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.constantFrom(...HEADERS))),
    body: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...contents) },
      damaged(fc.constantFrom(...contents)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    ),
    width: fc.constantFrom(64, 64, 76, 1, 10_000),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r', ' \n'),
  })
  .map(({ label, end = label, headers, body, width, lineEnd }) =>
    [
      `-----BEGIN ${label}-----`,
      ...(headers.length > 0 ? [...headers, ''] : []),
      ...(body.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? []),
      `-----END ${end}-----`,
      '',
    ].join(lineEnd),
  );

/** Blocks as tools write them, of contents that are right or not, with something between them. */
export const certificates = damaged(
  fc
    .array(fc.oneof({ weight: 5, arbitrary: block }, fc.string({ maxLength: 80 })), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join('')),
);
