import { generateKeyPair, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FatalError } from '../core/errors.js';
import { createFileExclusive } from '../system/atomic-file.js';

/** The files of a vendor's update keys. */
export interface UpdateKeys {
  /** Encrypts and decrypts packages: vendor and appliances. */
  readonly key: string;
  /** Verifies signatures: appliances. */
  readonly publicKey: string;
  /** Signs packages: the vendor alone. */
  readonly privateKey: string;
}

const KEY_BYTES = 32;
const MODULUS_BITS = 2048;

/**
 * Writes `updates.key`, `updates.pub` and `updates.private.pem` into `directory`, which is created when missing.
 *
 * @throws FatalError when one of them exists already: nothing is overwritten
 */
export async function generateUpdateKeys(directory: string): Promise<UpdateKeys> {
  const keys: UpdateKeys = {
    key: join(directory, 'updates.key'),
    publicKey: join(directory, 'updates.pub'),
    privateKey: join(directory, 'updates.private.pem'),
  };
  for (const file of Object.values(keys) as string[]) {
    if (existsSync(file)) throw alreadyExists(file);
  }
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: MODULUS_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await create(keys.key, `${randomBytes(KEY_BYTES).toString('hex')}\n`, 0o600);
  await create(keys.privateKey, pair.privateKey, 0o600);
  await create(keys.publicKey, pair.publicKey, 0o644);
  return keys;
}

async function create(file: string, content: string, mode: number): Promise<void> {
  if (!(await createFileExclusive(file, content, { mode }))) throw alreadyExists(file);
}

function alreadyExists(file: string): FatalError {
  return new FatalError(`${file} exists already; keys are never overwritten`);
}
