import { createVerify } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { READ_ONLY } from '../core/read-only.js';
import { decryptPackage, type KeyDerivation } from './decrypt.js';
import { createMemberReader, type MemberReader } from './members.js';
import { PackageError } from './package-error.js';
import { readPassphrase } from './passphrase.js';
import { readPublicKey } from './rsa-keys.js';
import { systemError } from './system-error.js';
import { TarFormatError } from './tar-format-error.js';
import { readTar } from './tar-reader.js';

export interface UnsealOptions {
  readonly packageFile: string;
  readonly keyFile: string;
  readonly publicKeyFile: string;
  /** Receives `software_package.tar.gz`, mode 0600; replaced if it exists. Trust it only once this has resolved. */
  readonly stagingFile: string;
  /** False refuses packages encrypted with the md5 key derivation. */
  readonly acceptLegacy: boolean;
  /** Called when the package is decrypted to its last byte, before the signature is checked. */
  readonly onDecrypted?: () => Promise<void> | void;
}

export interface Unsealed {
  readonly derivation: KeyDerivation;
  /** Of the staging file. */
  readonly sizeBytes: number;
}

/**
 * Decrypts a package and verifies its signature, in one pass and constant memory. Of what is not verified yet only
 * the encryption and the outer tar are parsed.
 *
 * @throws PackageError `decrypt` or `signature`; the staging file is gone by then
 */
export async function unsealPackage(options: UnsealOptions): Promise<Unsealed> {
  try {
    return await unseal(options);
  } catch (error) {
    await rm(options.stagingFile, { force: true });
    throw error;
  }
}

async function unseal(options: UnsealOptions): Promise<Unsealed> {
  const verify = createVerify('RSA-SHA256');
  const members = createMemberReader(options.stagingFile, verify);
  const derivation = await decryptInto(options, members);
  await options.onDecrypted?.();
  const { signature, sizeBytes } = members.complete();
  if (!verify.verify(await readPublicKey(options.publicKeyFile), signature)) {
    throw new PackageError('signature', `The signature does not match ${basename(options.publicKeyFile)}`);
  }
  return { derivation, sizeBytes };
}

async function decryptInto(options: UnsealOptions, members: MemberReader): Promise<KeyDerivation> {
  const passphrase = await readPassphrase(options.keyFile);
  const file = await openPackage(options.packageFile);
  try {
    const { derivation, plaintext } = await decryptPackage(file, passphrase, options.acceptLegacy);
    await readTar(plaintext, members.visit);
    return derivation;
  } catch (error) {
    if (error instanceof TarFormatError) {
      throw new PackageError('decrypt', `The decrypted package is malformed: ${error.message}`, {
        cause: error,
      });
    }
    throw systemError('decrypt', 'read', options.packageFile, error);
  } finally {
    await file.close();
  }
}

async function openPackage(packageFile: string): Promise<FileHandle> {
  try {
    const file = await open(packageFile, READ_ONLY);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw systemError('decrypt', 'read', packageFile, error);
  }
  throw new PackageError('decrypt', `${basename(packageFile)} is not a regular file`);
}
