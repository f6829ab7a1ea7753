import { createDecipheriv } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  BLOCK_BYTES,
  CIPHER,
  deriveKey,
  MAGIC,
  SALT_BYTES,
  type CipherKey,
  type KeyDerivation,
} from './cipher.js';
import { PackageError } from './package-error.js';
import { isTarHeader, TAR_BLOCK_BYTES } from './tar-header.js';

export type { KeyDerivation } from './cipher.js';

export interface Decryption {
  readonly derivation: KeyDerivation;
  /** The outer tar, to be read once and before the file is closed; throws PackageError `decrypt` at damaged padding. */
  readonly plaintext: AsyncIterable<Buffer>;
}

const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const READ_BYTES = 1024 * 1024;

/**
 * Decrypts what `openssl aes-256-cbc -salt` encrypted. The derivation is the one under which the first block is a
 * tar header; padding proves nothing, since one wrong key in 256 passes it.
 *
 * @param file an open regular file; stays open
 * @param acceptLegacy false refuses a package that only the md5 derivation opens
 * @throws PackageError `decrypt` saying why the package cannot be opened
 */
export async function decryptPackage(
  file: FileHandle,
  passphrase: Buffer,
  acceptLegacy: boolean,
): Promise<Decryption> {
  const { size } = await file.stat();
  const start = Buffer.alloc(HEADER_BYTES + TAR_BLOCK_BYTES);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  checkShape(start.subarray(0, bytesRead), size);
  const salt = start.subarray(MAGIC.length, HEADER_BYTES);
  const firstBlock = start.subarray(HEADER_BYTES);
  for (const derivation of ['pbkdf2-sha256', 'md5'] as const) {
    const cipherKey = await deriveKey(derivation, passphrase, salt);
    if (!opensWith(cipherKey, firstBlock)) continue;
    if (derivation === 'md5' && !acceptLegacy) {
      throw new PackageError(
        'decrypt',
        'The package uses the legacy md5 key derivation, which the setting acceptLegacyPackages refuses',
      );
    }
    return { derivation, plaintext: decryptFrom(file, HEADER_BYTES, cipherKey) };
  }
  throw new PackageError('decrypt', 'The package was encrypted with another key, or it is not a package');
}

function checkShape(start: Buffer, size: number): void {
  if (size === 0) throw new PackageError('decrypt', 'The package is empty');
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new PackageError(
      'decrypt',
      'The package is not encrypted by openssl: it does not begin with Salted__',
    );
  }
  if (size < HEADER_BYTES + TAR_BLOCK_BYTES + BLOCK_BYTES || start.length < HEADER_BYTES + TAR_BLOCK_BYTES) {
    throw new PackageError('decrypt', `The package is cut off: it has only ${size} bytes`);
  }
  if ((size - HEADER_BYTES) % BLOCK_BYTES !== 0) {
    throw new PackageError('decrypt', `The package is cut off: ${size} bytes do not end on a cipher block`);
  }
}

function opensWith({ key, iv }: CipherKey, firstBlock: Buffer): boolean {
  const decipher = createDecipheriv(CIPHER, key, iv).setAutoPadding(false);
  return isTarHeader(decipher.update(firstBlock));
}

async function* decryptFrom(
  file: FileHandle,
  position: number,
  { key, iv }: CipherKey,
): AsyncGenerator<Buffer> {
  const decipher = createDecipheriv(CIPHER, key, iv);
  const buffer = Buffer.alloc(READ_BYTES);
  for (let offset = position; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    yield decipher.update(buffer.subarray(0, bytesRead));
  }
  try {
    yield decipher.final();
  } catch (error) {
    throw new PackageError(
      'decrypt',
      'The package is damaged or cut off: its last cipher block has bad padding',
      {
        cause: error,
      },
    );
  }
}
