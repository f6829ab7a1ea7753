import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAppliance } from '../support/appliance.js';
import { writeRandomFile } from './random-data.js';
import { runShell } from './shell.js';

const FILES = 16;

/** Makes a package of `bytes` random bytes with openssl and tar. @returns its path */
export async function makeLargePackage(
  { paths, privateKey }: TestAppliance,
  directory: string,
  bytes: number,
): Promise<string> {
  const work = join(directory, 'package');
  const payload = join(work, 'payload');
  await mkdir(payload, { recursive: true });
  for (let index = 0; index < FILES; index += 1) {
    await writeRandomFile(join(payload, `image-${index}.bin`), Math.ceil(bytes / FILES));
  }
  // With a script the job ends with a sync, as updates do.
  await writeFile(join(payload, 'update.sh'), 'exit 0\n');
  const file = join(directory, 'software_package.enc');
  await runShell(MAKE, work, privateKey, paths.updatesKey, file);
  await rm(work, { recursive: true });
  return file;
}

const MAKE = `
cd "$1"
tar -C payload -cf - . | gzip -1 > software_package.tar.gz
rm -r payload
openssl dgst -sha256 -sign "$2" -out software_package.tar.gz.sign software_package.tar.gz
tar -cf - software_package.tar.gz software_package.tar.gz.sign |
  openssl aes-256-cbc -md sha256 -pbkdf2 -salt -pass "file:$3" -out "$4"`;
