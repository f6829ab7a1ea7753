import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FirstRun } from '../config/endpoint-gate.js';
import { productPath } from '../config/paths.js';
import {
  changingToken,
  createFirstRunToken,
  readApiToken,
  replaceByFirstRunToken,
  type LockedTokenFiles,
} from './api-token.js';

/** Where a passphrase is needed although no first run is configured. */
const UNCONFIGURED: FirstRun = { wordLength: 4 };

/**
 * On an appliance without a token, protects the first set-up with a passphrase of words from the EFF large word list
 * (12.9 bits a word).
 *
 * @returns true if a passphrase was made now
 */
export async function prepareFirstRun(
  files: LockedTokenFiles,
  firstRun: FirstRun | undefined,
): Promise<boolean> {
  if (readApiToken(files).state !== 'absent') return false;
  const passphrase = await makePassphrase(firstRun);
  return changingToken(files, () => createFirstRunToken(files, passphrase));
}

/**
 * Begins a first run on an appliance that has a token, which is void from then on.
 *
 * @returns the passphrase
 * @throws the system error that prevented it; the token is as it was, unless it could be replaced, but not put on the disk
 */
export async function renewPassphrase(
  files: LockedTokenFiles,
  firstRun: FirstRun | undefined,
): Promise<string> {
  const passphrase = await makePassphrase(firstRun);
  await changingToken(files, () => replaceByFirstRunToken(files, passphrase));
  return passphrase;
}

async function makePassphrase({ wordLength } = UNCONFIGURED): Promise<string> {
  const words = (await readFile(productPath('config/eff-large-wordlist.txt'), 'utf8')).trim().split('\n');
  return Array.from({ length: wordLength }, () => words[randomInt(words.length)]).join('-');
}
