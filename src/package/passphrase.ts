import { basename } from 'node:path';
import { openRegular } from '../core/read-only.js';
import { PackageError } from './package-error.js';
import { systemError } from './system-error.js';

/** `openssl -pass file:` reads this much at most (APP_PASS_LEN, less its final NUL). */
const LENGTH_LIMIT = 1023;

/**
 * The passphrase in a key file, as `openssl -pass file:` takes it: the bytes of the first line.
 *
 * @throws PackageError `decrypt` when the file cannot be read or its first line is empty
 */
export async function readPassphrase(keyFile: string): Promise<Buffer> {
  const start = await readStart(keyFile).catch((error: unknown) => {
    throw systemError('decrypt', 'read', keyFile, error);
  });
  const end = start.findIndex((byte) => byte === 0x0a || byte === 0);
  const passphrase = end < 0 ? start : start.subarray(0, end);
  if (passphrase.length === 0)
    throw new PackageError('decrypt', `The first line of ${basename(keyFile)} is empty`);
  return passphrase;
}

async function readStart(file: string): Promise<Buffer> {
  const handle = await openRegular(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LENGTH_LIMIT), 0, LENGTH_LIMIT, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
