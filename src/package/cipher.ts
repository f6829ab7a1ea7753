import { createHash, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

/** How passphrase and salt become key and IV: `-pbkdf2 -md sha256`, or the older `-md sha256` or `-md md5` alone. */
export type KeyDerivation = 'pbkdf2-sha256' | 'sha256' | 'md5';

export interface CipherKey {
  readonly key: Buffer;
  readonly iv: Buffer;
}

export const CIPHER = 'aes-256-cbc';
export const BLOCK_BYTES = 16;
export const SALT_BYTES = 8;
/** What `openssl enc -salt` writes before the salt. */
export const MAGIC = Buffer.from('Salted__');

const KEY_BYTES = 32;
/** The default of `openssl enc -pbkdf2`. */
const ITERATIONS = 10_000;

export async function deriveKey(
  derivation: KeyDerivation,
  passphrase: Buffer,
  salt: Buffer,
): Promise<CipherKey> {
  const length = KEY_BYTES + BLOCK_BYTES;
  const material =
    derivation === 'pbkdf2-sha256'
      ? await promisify(pbkdf2)(passphrase, salt, ITERATIONS, length, 'sha256')
      : bytesToKey(derivation, passphrase, salt, length);
  return { key: material.subarray(0, KEY_BYTES), iv: material.subarray(KEY_BYTES, length) };
}

/** EVP_BytesToKey(3) with one iteration. */
function bytesToKey(hash: 'sha256' | 'md5', passphrase: Buffer, salt: Buffer, length: number): Buffer {
  let material = Buffer.alloc(0);
  let digest = Buffer.alloc(0);
  while (material.length < length) {
    digest = createHash(hash).update(digest).update(passphrase).update(salt).digest();
    material = Buffer.concat([material, digest]);
  }
  return material;
}
