import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { readPublicKey } from './rsa-keys.js';

export type KeyPadding = 'pkcs1' | 'oaep';

/** A new key of one debug bundle. */
export interface BundleKey {
  /** What its members are encrypted with. */
  readonly passphrase: Buffer;
  /** The content of the member that holds the key: only the vendor's private key opens it. */
  readonly sealed: Buffer;
}

const KEY_BYTES = 32;
export const PADDINGS = {
  pkcs1: constants.RSA_PKCS1_PADDING,
  oaep: constants.RSA_PKCS1_OAEP_PADDING,
} as const;

/**
 * Makes a key as `openssl rand -base64 32` prints one. It never touches the disk in plain.
 *
 * @param publicKeyFile of the vendor
 * @throws PackageError when that file is no RSA public key
 */
export async function createBundleKey(publicKeyFile: string, padding: KeyPadding): Promise<BundleKey> {
  const publicKey = await readPublicKey(publicKeyFile);
  const key = randomBytes(KEY_BYTES).toString('base64');
  const sealed = publicEncrypt({ key: publicKey, padding: PADDINGS[padding] }, Buffer.from(`${key}\n`));
  // `-pass file:` takes the first line.
  return { passphrase: Buffer.from(key), sealed };
}
