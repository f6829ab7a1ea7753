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
  /** To be read once and before the file is closed; throws PackageError `decrypt` at damaged padding. */
  readonly plaintext: AsyncIterable<Buffer>;
}

/** What an encrypted file holds, so that the right key is told from a wrong one by its beginning. */
export interface SealedKind {
  /** As messages begin: `The package`. */
  readonly subject: string;
  /** As messages say what it should be: `a package`. */
  readonly kind: string;
  /** In the order in which they are tried. */
  readonly derivations: readonly KeyDerivation[];
  /** How much of the decrypted beginning `isRight` looks at. */
  readonly startBytes: number;
  isRight(start: Buffer): boolean;
}

const PACKAGE: SealedKind = {
  subject: 'The package',
  kind: 'a package',
  derivations: ['pbkdf2-sha256', 'md5'],
  startBytes: TAR_BLOCK_BYTES,
  isRight: isTarHeader,
};

const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const READ_BYTES = 1024 * 1024;

/**
 * Decrypts an update package, an outer tar.
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
  const decryption = await decryptFile(file, passphrase, PACKAGE);
  if (decryption.derivation === 'md5' && !acceptLegacy) {
    throw new PackageError(
      'decrypt',
      'The package uses the legacy md5 key derivation, which the setting acceptLegacyPackages refuses',
    );
  }
  return decryption;
}

/**
 * Decrypts what `openssl aes-256-cbc -salt` encrypted. The derivation is the one under which the beginning is right;
 * padding proves nothing, since one wrong key in 256 passes it.
 *
 * @param file an open regular file; stays open
 * @throws PackageError `decrypt` saying why it cannot be opened
 */
export async function decryptFile(
  file: FileHandle,
  passphrase: Buffer,
  expected: SealedKind,
): Promise<Decryption> {
  const { size } = await file.stat();
  const start = Buffer.alloc(HEADER_BYTES + expected.startBytes);
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  checkShape(start.subarray(0, bytesRead), size, expected);
  const salt = start.subarray(MAGIC.length, HEADER_BYTES);
  const beginning = start.subarray(HEADER_BYTES);
  for (const derivation of expected.derivations) {
    const cipherKey = await deriveKey(derivation, passphrase, salt);
    if (!expected.isRight(decryptBlocks(cipherKey, beginning))) continue;
    return { derivation, plaintext: decryptFrom(file, HEADER_BYTES, cipherKey, expected.subject) };
  }
  throw new PackageError(
    'decrypt',
    `${expected.subject} was encrypted with another key, or it is not ${expected.kind}`,
  );
}

function checkShape(start: Buffer, size: number, { subject, startBytes }: SealedKind): void {
  if (size === 0) throw new PackageError('decrypt', `${subject} is empty`);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new PackageError(
      'decrypt',
      `${subject} is not encrypted by openssl: it does not begin with Salted__`,
    );
  }
  if (size < HEADER_BYTES + startBytes + BLOCK_BYTES || start.length < HEADER_BYTES + startBytes) {
    throw new PackageError('decrypt', `${subject} is cut off: it has only ${size} bytes`);
  }
  if ((size - HEADER_BYTES) % BLOCK_BYTES !== 0) {
    throw new PackageError('decrypt', `${subject} is cut off: ${size} bytes do not end on a cipher block`);
  }
}

function decryptBlocks({ key, iv }: CipherKey, blocks: Buffer): Buffer {
  return createDecipheriv(CIPHER, key, iv).setAutoPadding(false).update(blocks);
}

async function* decryptFrom(
  file: FileHandle,
  position: number,
  { key, iv }: CipherKey,
  subject: string,
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
      `${subject} is damaged or cut off: its last cipher block has bad padding`,
      {
        cause: error,
      },
    );
  }
}
