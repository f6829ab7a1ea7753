import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * What `sha256sum` prints for what openssl prints of a key's public part: for RSA `openssl x509 -noout -modulus` or
 * `openssl rsa -noout -modulus`, for EC `openssl x509 -noout -pubkey` or `openssl pkey -pubout`.
 *
 * @param key RSA or EC, public or private
 */
export function publicKeyHash(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256').update(printed(publicKey)).digest('hex');
}

function printed(key: KeyObject): string | Buffer {
  if (key.asymmetricKeyType !== 'rsa') return key.export({ type: 'spki', format: 'pem' });
  const { n = '' } = key.export({ format: 'jwk' });
  return `Modulus=${Buffer.from(n, 'base64url').toString('hex').toUpperCase()}\n`;
}
