import { rm } from 'node:fs/promises';
import type { TestAppliance } from '../support/appliance.js';
import { runShell, settleDisk, timed } from './shell.js';

/** An update by hand, as the README tells it. @param directory where it works, which is gone afterwards @returns seconds */
export async function timeShellUpdate(
  { paths }: TestAppliance,
  file: string,
  directory: string,
): Promise<number> {
  await settleDisk();
  try {
    return await timed(() => runShell(UPDATE, directory, file, paths.updatesKey, paths.updatesPublicKey));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const UPDATE = `
mkdir -p "$1/content"
openssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -pass "file:$3" -in "$2" | tar -xf - -C "$1"
openssl dgst -sha256 -verify "$4" -signature "$1/software_package.tar.gz.sign" "$1/software_package.tar.gz"
tar -xzf "$1/software_package.tar.gz" -C "$1/content"
sync -f "$1"`;
