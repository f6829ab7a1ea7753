import { firstLine } from '../core/first-line.js';
import { DAEMON_USER, findUserId } from '../system/accounts.js';
import { createFileExclusive, writeFileAtomic, type AtomicFileOptions } from '../system/atomic-file.js';
import { readSmallFile, sizeOfSmallFile } from '../system/small-file.js';

/** `etc/api.token` and `etc/api.token.setup`. */
export interface TokenFiles {
  readonly apiToken: string;
  readonly apiTokenSetup: string;
}

/** `absent`: no file, the first set-up is open to everyone. `empty`: nobody can sign in, and nobody can set one up. */
export type TokenState =
  { readonly state: 'absent' | 'empty' } | { readonly state: 'set'; readonly token: string };

const MODE = 0o600;
/** Far more than a token has. */
const LIMIT_BYTES = 4096;

/** Only the first line of the file counts. */
export function readApiToken(files: TokenFiles): TokenState {
  const text = readSmallFile(files.apiToken, LIMIT_BYTES);
  if (text === undefined) return { state: 'absent' };
  const token = firstLine(text);
  return token === '' ? { state: 'empty' } : { state: 'set', token };
}

/** Whether the first-run passphrase still waits for its `/setup`. */
export function isFirstRunPending(files: TokenFiles): boolean {
  return Boolean(sizeOfSmallFile(files.apiTokenSetup));
}

/** Sets the first token; of several callers at the same time exactly one gets true. */
export async function createApiToken(files: TokenFiles, token: string): Promise<boolean> {
  if (!(await createFileExclusive(files.apiToken, `${token}\n`, ownedByDaemon()))) return false;
  await endFirstRun(files);
  return true;
}

/** Replaces the token: at any moment the old or the new one is valid. */
export async function replaceApiToken(files: TokenFiles, token: string): Promise<void> {
  await writeFileAtomic(files.apiToken, `${token}\n`, ownedByDaemon());
  await endFirstRun(files);
}

/** Stores a first-run passphrase as the token that only `/setup` accepts, unless there is a token by now. */
export async function createFirstRunToken(files: TokenFiles, passphrase: string): Promise<void> {
  await writeFileAtomic(files.apiTokenSetup, `${passphrase}\n`, ownedByDaemon());
  await createFileExclusive(files.apiToken, `${passphrase}\n`, ownedByDaemon());
}

/** Puts a first-run passphrase in the place of the token. Cut off in between, the token is good for `/setup` alone. */
export async function replaceByFirstRunToken(files: TokenFiles, passphrase: string): Promise<void> {
  await writeFileAtomic(files.apiTokenSetup, `${passphrase}\n`, ownedByDaemon());
  await writeFileAtomic(files.apiToken, `${passphrase}\n`, ownedByDaemon());
}

async function endFirstRun(files: TokenFiles): Promise<void> {
  await writeFileAtomic(files.apiTokenSetup, '', ownedByDaemon());
}

/** The daemon has to read it, whoever writes it. */
function ownedByDaemon(): AtomicFileOptions {
  return { mode: MODE, owner: findUserId(DAEMON_USER) };
}
