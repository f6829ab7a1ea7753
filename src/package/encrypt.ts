import { createCipheriv, randomBytes } from 'node:crypto';
import { CIPHER, deriveKey, MAGIC, SALT_BYTES } from './cipher.js';

/** Encrypts as `openssl aes-256-cbc -md sha256 -pbkdf2 -salt` does. */
export async function* encrypt(plaintext: AsyncIterable<Buffer>, passphrase: Buffer): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const { key, iv } = await deriveKey('pbkdf2-sha256', passphrase, salt);
  const cipher = createCipheriv(CIPHER, key, iv);
  yield Buffer.concat([MAGIC, salt]);
  for await (const chunk of plaintext) yield cipher.update(chunk);
  yield cipher.final();
}
