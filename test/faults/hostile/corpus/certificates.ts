import { createAuthority, signWithDates } from '../../../support/certificates.js';
import { SECRET } from '../stand.js';
import { filePart, postParts, sending, type RequestCase } from './request.js';

const pem = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const base64 = (bytes: number) => Buffer.alloc(bytes, 'damaged der').toString('base64');

/** Certificates, keys and authorities that are no such thing, or that do not belong together; made by openssl. */
export async function certificates(): Promise<readonly RequestCase[]> {
  const authority = await createAuthority();
  try {
    const [own, other, ec] = await Promise.all([
      authority.issue('own', { kind: 'rsa' }),
      authority.issue('other', { kind: 'rsa' }),
      authority.issue('ec', { kind: 'ec' }),
    ]);
    const edwards = await authority.issue('edwards', { kind: 'ed25519' });
    const small = await authority.key('rsa512');
    const encrypted = await authority.openssl(['pkcs8', '-topk8', '-passout', `pass:${SECRET}`], own.key);
    const traditional = await authority.openssl(
      ['rsa', '-traditional', '-aes128', '-passout', `pass:${SECRET}`],
      own.key,
    );
    const dates = signWithDates(own.key, new Date(LONG_AGO), new Date(LONG_AGO));
    const { certificate, key } = own;
    const chain = certificate + other.certificate;
    const files: Readonly<Record<string, readonly [publicFile: string, privateFile: string, ca?: string]>> = {
      nothing: ['', ''],
      garbage: ['garbage', 'garbage'],
      binary: ['\0\x01\x02'.repeat(500), '\0'.repeat(500)],
      'only beginnings': ['-----BEGIN CERTIFICATE-----', '-----BEGIN PRIVATE KEY-----'],
      'only ends': ['-----END CERTIFICATE-----', '-----END PRIVATE KEY-----'],
      'ten thousand beginnings': ['-----BEGIN CERTIFICATE-----\n'.repeat(10_000), key],
      'beginnings of other labels': [
        Array.from({ length: 5_000 }, (_, i) => `-----BEGIN A${i}-----\n`).join(''),
        key,
      ],
      'labels that never end': [`-----BEGIN ${'A '.repeat(200_000)}`, key],
      'empty blocks': [pem('CERTIFICATE', ''), pem('PRIVATE KEY', '')],
      'blocks that are not base64': [pem('CERTIFICATE', '!!!!'), pem('PRIVATE KEY', '????')],
      'blocks of damaged DER': [pem('CERTIFICATE', base64(900)), pem('PRIVATE KEY', base64(900))],
      'a damaged key': [certificate, pem('RSA PRIVATE KEY', base64(900))],
      swapped: [key, certificate],
      'the key twice': [certificate, key + key],
      'the certificate as the key': [certificate, certificate],
      'cut off in the certificate': [certificate.slice(0, 400), key],
      'cut off in the key': [certificate, key.slice(0, 400)],
      'a certificate with a byte turned': [certificate.replace(/^(.{300}.*?)[A-Z]/s, '$1x'), key],
      'a key with a byte turned': [certificate, key.replace(/^(.{300}.*?)[A-Z]/s, '$1x')],
      'a pair that does not belong together': [other.certificate, key],
      'an RSA certificate and an EC key': [certificate, ec.key],
      'an EC certificate and an RSA key': [ec.certificate, key],
      'a key of another kind': [edwards.certificate, edwards.key],
      'a key that is too small': [certificate, small],
      'an encrypted key': [certificate, encrypted],
      'an encrypted key of the old form': [certificate, traditional],
      'an authority that is garbage': [certificate, key, 'garbage'],
      'an authority that has not issued it': [certificate, key, other.certificate],
      'an authority that is the key': [certificate, key, key],
      'more than the certificates that are allowed': [certificate.repeat(260), key],
      'a chain in the wrong order': [other.certificate + certificate, other.key.replace('A', 'B')],
      'impossible dates': [dates, other.key],
      'lines of one character': [certificate.replace(/(.)/g, '$1\n'), key],
      'carriage returns': [certificate.replaceAll('\n', '\r'), key.replaceAll('\n', '\r\r\n')],
      'text of a megabyte between blocks': [`${'x'.repeat(900_000)}${chain}`, small],
      'headers in the block': [
        certificate,
        key.replace('\n', `\nProc-Type: ${'4,'.repeat(20_000)}\nDEK-Info: x\n\n`),
      ],
    };
    return Object.entries(files).map(([name, [publicFile, privateFile, ca]]) =>
      sending(
        `certs: ${name}`,
        postParts(
          '/certs',
          filePart('public', publicFile),
          filePart('private', privateFile),
          ...(ca === undefined ? [] : [filePart('ca', ca)]),
        ),
      ),
    );
  } finally {
    await authority.remove();
  }
}

/** Before what a UTCTime can say (RFC 5280, 4.1.2.5.1). */
const LONG_AGO = Date.UTC(1800, 0, 1);
