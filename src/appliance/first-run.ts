import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FirstRun } from '../config/endpoint-gate.js';
import { productPath } from '../config/paths.js';
import { createFirstRunToken, readApiToken, type TokenFiles } from './api-token.js';

/**
 * On an appliance without a token, protects the first set-up with a passphrase of words from the EFF large word list
 * (12.9 bits a word).
 *
 * @returns true if a passphrase was made now
 */
export async function prepareFirstRun(files: TokenFiles, { wordLength }: FirstRun): Promise<boolean> {
  if ((await readApiToken(files)).state !== 'absent') return false;
  const words = (await readFile(productPath('config/eff-large-wordlist.txt'), 'utf8')).trim().split('\n');
  const passphrase = Array.from({ length: wordLength }, () => words[randomInt(words.length)]).join('-');
  await createFirstRunToken(files, passphrase);
  return true;
}
