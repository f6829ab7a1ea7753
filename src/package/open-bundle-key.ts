import { privateDecrypt, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { PADDINGS, type KeyPadding } from './bundle-key.js';
import { PackageError } from './package-error.js';

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
