import { join } from 'node:path';
import { firstLine } from '../core/first-line.js';
import { DAEMON_USER, findUserId } from '../system/accounts.js';
import { createFileExclusive, writeFileAtomic, type AtomicFileOptions } from '../system/atomic-file.js';
import { acquireLock, awaitLock, releaseAfter } from '../system/lock.js';
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

/*
 * Two files tell of a first run, and only the token decides: what is in `api.token.setup` counts as long as it is the token,
 * or there is none. So each change is done at the moment at which the token is, and what is cut off before or after it
 * leaves a token that is good for all that it was good for.
 */

/** Where the locks of this appliance are, too: who changes the files does so one at a time. */
export interface LockedTokenFiles extends TokenFiles {
  readonly locks: string;
}

/** Runs `change` while nobody else changes the files: two would mix what they write. */
export async function changingToken<T>(files: LockedTokenFiles, change: () => Promise<T>): Promise<T> {
  return releaseAfter(await awaitLock(lockOf(files)), change);
}

/** The passphrase of a first run that waits for its `/setup`; undefined where there is none. */
export function readPassphrase(files: TokenFiles): string | undefined {
  // Nearly always empty: then nothing is read.
  if (!sizeOfSmallFile(files.apiTokenSetup)) return undefined;
  const [newest = '', ...before] = passphrasesIn(files);
  if (newest === '') return undefined;
  const current = readApiToken(files);
  if (current.state !== 'set') return newest;
  return [newest, ...before].includes(current.token) ? current.token : undefined;
}

export function isFirstRunPending(files: TokenFiles): boolean {
  return readPassphrase(files) !== undefined;
}

/** Sets the first token; of several callers at the same time exactly one gets true. {@link endFirstRun} belongs to it. */
export function createApiToken(files: TokenFiles, token: string): Promise<boolean> {
  return createFileExclusive(files.apiToken, `${token}\n`, ownedByDaemon());
}

/** Replaces the token: at any moment the old or the new one is valid. {@link endFirstRun} belongs to it. */
export async function replaceApiToken(files: TokenFiles, token: string): Promise<void> {
  await writeFileAtomic(files.apiToken, `${token}\n`, ownedByDaemon());
}

/**
 * Stores a first-run passphrase as the token that only `/setup` accepts, unless there is a token by now.
 *
 * @returns whether it was stored
 */
export async function createFirstRunToken(files: TokenFiles, passphrase: string): Promise<boolean> {
  // Another process may have stored one since the caller looked.
  if (readApiToken(files).state !== 'absent') return false;
  await writeFileAtomic(files.apiTokenSetup, `${passphrase}\n`, ownedByDaemon());
  return createFileExclusive(files.apiToken, `${passphrase}\n`, ownedByDaemon());
}

/** Puts a first-run passphrase in the place of the token. Cut off before that, the token is as it was. */
export async function replaceByFirstRunToken(files: TokenFiles, passphrase: string): Promise<void> {
  // One that waits stays one until then: it must not become a token that is good for everything.
  const waiting = readPassphrase(files);
  const both = [passphrase, ...(waiting === undefined ? [] : [waiting])];
  await writeFileAtomic(files.apiTokenSetup, `${both.join('\n')}\n`, ownedByDaemon());
  await writeFileAtomic(files.apiToken, `${passphrase}\n`, ownedByDaemon());
}

/** Empties `api.token.setup`. It decides only where the passphrase itself has become the new token. */
export async function endFirstRun(files: TokenFiles): Promise<void> {
  await writeFileAtomic(files.apiTokenSetup, '', ownedByDaemon());
}

/** Removes passphrases that no first run waits with any more, unless somebody is changing the files now. */
export async function removeVoidPassphrases(files: LockedTokenFiles): Promise<void> {
  const isVoid = () => Boolean(sizeOfSmallFile(files.apiTokenSetup)) && !isFirstRunPending(files);
  const lock = isVoid() ? await acquireLock(lockOf(files)) : undefined;
  if (!lock) return;
  await releaseAfter(lock, async () => {
    if (isVoid()) await endFirstRun(files);
  });
}

function lockOf({ locks }: LockedTokenFiles): string {
  return join(locks, 'token');
}

/** The newest one, then, while it is being replaced, the one that has waited before. */
function passphrasesIn(files: TokenFiles): readonly string[] {
  const text = readSmallFile(files.apiTokenSetup, LIMIT_BYTES) ?? '';
  return text.split('\n', 2).map(firstLine);
}

/** The daemon has to read it, whoever writes it. */
function ownedByDaemon(): AtomicFileOptions {
  return { mode: MODE, owner: findUserId(DAEMON_USER) };
}
