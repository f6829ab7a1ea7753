import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { AdminError, ignoreMissing } from '../core/errors.js';
import { readBytes } from '../core/read-only.js';
import { readPem, type PemBlock } from '../system/pem.js';

/** The largest file of certificates, or with a private key. */
export const CERTIFICATE_FILE_LIMIT_BYTES = 1024 * 1024;

/** More than any system's bundle of authorities holds. */
const CERTIFICATE_LIMIT = 250;

const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];
/** By the label of its block: the encoding of a private key, which it is stored in again. */
const KEY_ENCODINGS = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
} as const;
const KEY_TYPES = ['rsa', 'ec'];

/** One at least. */
export type Certificates = readonly [X509Certificate, ...X509Certificate[]];

export interface PrivateKey {
  readonly key: KeyObject;
  /** The key alone, its lines ended by LF. */
  readonly pem: string;
}

/**
 * Reads the certificates of a file that a client has sent.
 *
 * @param name of the file for messages
 * @throws AdminError `badRequest` that says what is wrong with it
 */
export async function readCertificates(file: string, name: string): Promise<Certificates> {
  const blocks = await readBlocks(file, name, 'a certificate');
  const found = blocks.filter(({ label }) => CERTIFICATE_LABELS.includes(label));
  if (found.length > CERTIFICATE_LIMIT) {
    throw invalid(name, `It holds ${found.length} certificates. Allowed: at most ${CERTIFICATE_LIMIT}`);
  }
  const [first, ...others] = found.map(({ der }, index) => {
    try {
      return new X509Certificate(der);
    } catch (cause) {
      throw invalid(name, `Certificate ${index + 1} of ${found.length} cannot be read`, cause);
    }
  });
  if (!first) throw invalid(name, `It holds ${labelsOf(blocks)}, but no certificate`);
  return [first, ...others];
}

/**
 * Reads the private key of a file that a client has sent: one, RSA or EC, not encrypted.
 *
 * @param name of the file for messages
 * @throws AdminError `badRequest` that says what is wrong with it
 */
export async function readPrivateKey(file: string, name: string): Promise<PrivateKey> {
  const blocks = await readBlocks(file, name, 'a private key');
  const [block, another] = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (!block) throw invalid(name, `It holds ${labelsOf(blocks)}, but no private key`);
  if (another) throw invalid(name, 'It holds more than one private key');
  if (block.isEncrypted)
    throw invalid(name, 'The private key is encrypted. Allowed: a key without passphrase');
  const { label, der } = block;
  if (!isKeyLabel(label)) throw invalid(name, `It holds ${labelsOf([block])}. Allowed: RSA and EC keys`);
  const type = KEY_ENCODINGS[label];
  const key = parseKey(der, type, name);
  requireKeyType(key.asymmetricKeyType, name);
  return { key, pem: key.export({ type, format: 'pem' }).toString() };
}

/** @throws AdminError `badRequest` for a certificate whose key is neither RSA nor EC */
export function requireServerKey(certificate: X509Certificate, name: string): void {
  requireKeyType(keyTypeOf(certificate), name);
}

function requireKeyType(type: string | undefined, name: string): void {
  if (type !== undefined && KEY_TYPES.includes(type)) return;
  throw invalid(name, `Its key is of type ${type ?? 'unknown'}. Allowed: ${KEY_TYPES.join(', ')}`);
}

/** Undefined where OpenSSL cannot read the key. */
function keyTypeOf(certificate: X509Certificate): string | undefined {
  try {
    return certificate.publicKey.asymmetricKeyType;
  } catch {
    return undefined;
  }
}

async function readBlocks(file: string, name: string, expected: string): Promise<readonly PemBlock[]> {
  const size = (await stat(file).catch(ignoreMissing))?.size;
  if (size === undefined) throw invalid(name, 'It is missing');
  if (size === 0) throw invalid(name, 'It is empty');
  if (size > CERTIFICATE_FILE_LIMIT_BYTES) {
    throw invalid(name, `Allowed: at most ${CERTIFICATE_FILE_LIMIT_BYTES} bytes`);
  }
  const content = await readBytes(file);
  const blocks = readPem(content);
  if (blocks.length > 0) return blocks;
  if (content.includes('-----BEGIN ')) throw invalid(name, `Its PEM text is damaged. Expected ${expected}`);
  throw invalid(
    name,
    `It is ${content.includes(0) ? 'binary' : 'no PEM text'}. Expected ${expected} in PEM format`,
  );
}

function parseKey(
  der: Buffer,
  type: (typeof KEY_ENCODINGS)[keyof typeof KEY_ENCODINGS],
  name: string,
): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch (cause) {
    throw invalid(name, 'The private key cannot be read', cause);
  }
}

function isKeyLabel(label: string): label is keyof typeof KEY_ENCODINGS {
  return Object.hasOwn(KEY_ENCODINGS, label);
}

/** What the first blocks are; a label is bounded, for the log. */
function labelsOf(blocks: readonly PemBlock[]): string {
  const labels = new Set(blocks.map(({ label }) => label.slice(0, 40)));
  return [...labels].slice(0, 3).join(', ');
}

function invalid(name: string, what: string, cause?: unknown): AdminError {
  return new AdminError('badRequest', `Invalid file: ${name}. ${what}`, { cause });
}
