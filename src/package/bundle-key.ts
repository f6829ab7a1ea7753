import { constants, privateDecrypt, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { PackageError } from './package-error.js';
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
const PADDINGS = { pkcs1: constants.RSA_PKCS1_PADDING, oaep: constants.RSA_PKCS1_OAEP_PADDING } as const;

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

/**
 * Opens the member that holds the key, whichever padding it has.
 *
 * @throws PackageError `decrypt` when it was made for another private key
 */
export function openBundleKey(
  sealed: Buffer,
  privateKey: KeyObject,
): { passphrase: Buffer; padding: KeyPadding } {
  const modulusBytes = Math.ceil((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  if (sealed.length === modulusBytes) {
    for (const [padding, open] of Object.entries(OPENERS) as [KeyPadding, Opener][]) {
      const passphrase = passphraseIn(attempt(() => open(sealed, privateKey)));
      if (passphrase) return { passphrase, padding };
    }
  }
  throw new PackageError('decrypt', 'The bundle was encrypted for another private key');
}

type Opener = (sealed: Buffer, privateKey: KeyObject) => Buffer;

/** The safer one first: what it opens was made with it, where the other one takes some garbage for a key. */
const OPENERS: Readonly<Record<KeyPadding, Opener>> = {
  oaep: (sealed, key) => privateDecrypt({ key, padding: PADDINGS.oaep }, sealed),
  pkcs1(sealed, key) {
    // Node itself refuses this padding.
    const pem = key.export({ type: 'pkcs1', format: 'pem' }).toString();
    const opened = forge.pki.privateKeyFromPem(pem).decrypt(sealed.toString('latin1'), 'RSAES-PKCS1-V1_5');
    return Buffer.from(opened, 'latin1');
  },
};

/** The first line, if it can be a passphrase. */
function passphraseIn(key: Buffer | undefined): Buffer | undefined {
  const [line = ''] = key?.toString('latin1').split('\n', 1) ?? [];
  return /^[ -~]+\r?$/.test(line) ? Buffer.from(line) : undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
