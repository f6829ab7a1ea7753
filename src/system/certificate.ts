import { generateKeyPair, randomBytes, X509Certificate, createPrivateKey } from 'node:crypto';
import { networkInterfaces, hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';

/** A private key and its certificate chain, PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

const YEARS = 10;
const DAY_MS = 86_400_000;
/** This was written later, so a clock that shows less is wrong. */
export const EARLIEST_NOW = Date.UTC(2026, 0, 1);
/**
 * Not "now": clients judge by clocks of their own, and the appliance's may be years ahead when the certificate is made.
 * Browsers that limit how long a certificate may be valid (Apple's 825 days) do so for those issued since July 2019.
 */
const NOT_BEFORE = Date.UTC(2000, 0, 1);
const IP_NAME = 7;
const DNS_NAME = 2;

/**
 * Makes a self-signed server certificate (RSA 2048, SHA-256) for this host's name, `localhost` and its addresses. It is
 * valid today whatever the clock shows.
 *
 * @param now milliseconds since 1970
 */
export async function createSelfSignedCertificate(now = Date.now()): Promise<KeyPair> {
  const { default: forge } = await import('node-forge');
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // RFC 5280, 4.1.2.2: positive, at most 20 octets.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(NOT_BEFORE);
  certificate.validity.notAfter = new Date(Math.max(now, EARLIEST_NOW) + 365 * YEARS * DAY_MS);
  const name = [{ name: 'commonName', value: hostname().slice(0, 64) || 'localhost' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: alternativeNames() },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { key: privateKey, certificate: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n') };
}

/**
 * Splits a PEM file that holds a private key and certificates.
 *
 * @throws Error that says what is missing, unreadable or does not belong together
 */
export function parseKeyPair(pem: string): KeyPair {
  // At the start the pair that is served is asked for again and again, and checking it takes its time.
  if (parsed?.pem !== pem) parsed = { pem, pair: checkKeyPair(pem) };
  return parsed.pair;
}

let parsed: { readonly pem: string; readonly pair: KeyPair } | undefined;

function checkKeyPair(pem: string): KeyPair {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const key = blocks.find((block) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block));
  // A certificate may also be there as its own authority: it is served once.
  const certificates = [
    ...new Set(blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))),
  ];
  const [first] = certificates;
  if (key === undefined) throw new Error('it holds no private key');
  if (first === undefined) throw new Error('it holds no certificate');
  if (!new X509Certificate(first).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the private key does not belong to the certificate');
  }
  const pair = { key, certificate: certificates.join('\n') + '\n' };
  // What OpenSSL will not serve (a key that is too short, a broken chain) shows here rather than at the listener.
  createSecureContext({ key: pair.key, cert: pair.certificate });
  return pair;
}

function alternativeNames() {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  const names = new Set(['localhost', hostname()].filter((name) => /^[A-Za-z0-9.-]+$/.test(name)));
  const ips = new Set(['127.0.0.1', '::1', ...addresses.filter((address) => !address.includes('%'))]);
  return [
    ...[...names].map((value) => ({ type: DNS_NAME, value })),
    ...[...ips].map((ip) => ({ type: IP_NAME, ip })),
  ];
}
