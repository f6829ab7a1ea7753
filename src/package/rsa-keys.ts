import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readBytes } from '../core/read-only.js';
import { PackageError } from './package-error.js';
import { systemError } from './system-error.js';

/** @throws PackageError `signature` when the file cannot be read or is not an RSA public key in PEM form */
export async function readPublicKey(file: string): Promise<KeyObject> {
  return parseKey(file, 'public', readBytes, createPublicKey);
}

/** @throws PackageError `signature` when the file cannot be read or is not an unencrypted RSA private key in PEM form */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  // The vendor's own, who may hand it over through a pipe.
  return parseKey(file, 'private', (path) => readFile(path), createPrivateKey);
}

async function parseKey(
  file: string,
  kind: 'public' | 'private',
  read: (file: string) => Promise<Buffer>,
  parse: (pem: Buffer) => KeyObject,
): Promise<KeyObject> {
  const pem = await read(file).catch((error: unknown) => {
    throw systemError('signature', 'read', file, error);
  });
  const key = attempt(() => parse(pem));
  if (key === undefined && /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem.toString('latin1'))) {
    throw new PackageError(
      'signature',
      `${basename(file)} is encrypted with a passphrase: remove it with "openssl pkey -in FILE -out OTHER"`,
    );
  }
  if (key?.asymmetricKeyType !== 'rsa') {
    throw new PackageError('signature', `${basename(file)} is not an RSA ${kind} key in PEM form`);
  }
  return key;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
