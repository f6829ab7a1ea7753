import { createHash, randomBytes } from 'node:crypto';
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { openRegular, READ_ONLY, readBytes } from '../core/read-only.js';
import { giveToAdminGroup } from './admin-group.js';
import { makeDirectory } from './make-directory.js';
import { currentScope, identify, isAlive } from './processes.js';
import { removeTree } from './remove-tree.js';

export interface AtomicFileOptions {
  readonly mode: number;
  /** The user who gets the file, if this process is root; default: its own. */
  readonly owner?: number | undefined;
}

const STAGED_FOR_MS = 60_000;
const SAME_GROUP = -1;
/** See {@link stagedSuffix}; earlier versions told nothing of the namespace. */
const STAGED_SUFFIX = /^([0-9a-f]{4})([0-9a-f]{4})?([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{8}\.new$/;
/** Ticks of 10 ms pass it in over a year, and start at 0 again. */
const TICKS_END = 2 ** 32;

/**
 * Replaces `file` as a whole: staged beside it, fsynced, renamed, directory fsynced. A reader or a power cut meets
 * the old content or the new, never a part.
 */
export async function writeFileAtomic(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
): Promise<void> {
  await stageAnd(file, content, options, (staged) => rename(staged, file));
}

/**
 * Like {@link writeFileAtomic}, but only where `file` does not exist; of several writers exactly one succeeds.
 *
 * @returns false if the file already existed
 */
export async function createFileExclusive(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
): Promise<boolean> {
  try {
    await stageAnd(file, content, options, (staged) => link(staged, file));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes what writers that were killed have staged in `directory`: all that is from before the last boot, and what no living
 * process of this namespace writes, nor, for a minute, one of another. The clock may have jumped since: what a living one writes
 * can look a year old, and what a dead one left as if it were to come.
 *
 * @throws the first system error, after all the others are removed
 */
export async function removeStaleStagedFiles(directory: string): Promise<void> {
  const failures: unknown[] = [];
  for (const name of (await readdir(directory).catch(ignoreMissing)) ?? []) {
    if (!name.startsWith('.')) continue;
    const [, boot, namespace, writer, start] = STAGED_SUFFIX.exec(name.split('.').slice(-2).join('.')) ?? [];
    if (boot === undefined || writer === undefined || start === undefined) continue;
    // A file that is gone by now was not stale.
    const stats = await stat(join(directory, name)).catch(() => undefined);
    const isOfThisMinute = Math.abs(Date.now() - (stats?.mtimeMs ?? Date.now())) <= STAGED_FOR_MS;
    // A writer in another namespace is not seen from here.
    const mayBeSeen = namespace === tagOf(currentScope().pidNamespace);
    const isWritten = writerLives(writer, start) || (!mayBeSeen && isOfThisMinute);
    const isStale = boot !== tagOf(currentScope().bootId) || !isWritten;
    // Others may write in the directory, and this process may be root.
    if (isStale) await removeTree(join(directory, name)).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** Removes what writers of `file` that were killed have staged. Only while nobody else can be writing it. */
export async function removeStagedFor(file: string): Promise<void> {
  const start = `.${basename(file)}.`;
  for (const name of (await readdir(dirname(file)).catch(ignoreMissing)) ?? []) {
    const isStaged = name.startsWith(start) && STAGED_SUFFIX.test(name.slice(start.length));
    if (isStaged) await rm(join(dirname(file), name), { force: true });
  }
}

/** The content of a text file, or undefined where there is none. @throws UnusableFile as `readBytes` */
export async function readTextFile(file: string): Promise<string | undefined> {
  return (await readBytes(file).catch(ignoreMissing))?.toString('utf8');
}

/** At most the first `limitBytes` of a text file, or undefined where there is none. @throws UnusableFile */
export async function readTextStart(file: string, limitBytes: number): Promise<string | undefined> {
  const handle = await openRegular(file).catch(ignoreMissing);
  try {
    const start = await handle?.read(Buffer.alloc(limitBytes), 0, limitBytes, 0);
    return start?.buffer.toString('utf8', 0, start.bytesRead);
  } finally {
    await handle?.close();
  }
}

/** A name beside `file` for what shall replace it; {@link removeStaleStagedFiles} knows it. */
export function stagedName(file: string): string {
  return join(dirname(file), `.${basename(file)}.${stagedSuffix()}`);
}

/** Tells a staged file, whether it was staged since the last boot, and by which process of which namespace. */
export function stagedSuffix({ pid, startTicks = 0 } = identify(process.pid)): string {
  const { bootId, pidNamespace } = currentScope();
  const writer = [pid, startTicks % TICKS_END].map((number) => number.toString(16).padStart(8, '0')).join('');
  return `${tagOf(bootId)}${tagOf(pidNamespace)}${writer}${randomBytes(4).toString('hex')}.new`;
}

function writerLives(writer: string, start: string): boolean {
  const { pid, startTicks } = identify(parseInt(writer, 16));
  const isSame = startTicks === undefined || startTicks % TICKS_END === parseInt(start, 16);
  return isSame && isAlive({ pid, startTicks });
}

/** Four hex digits. */
function tagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 4);
}

/** Creates `file`, with its directory, and returns when its content, whole or in pieces, is on the disk. */
export async function writeSynced(
  file: string,
  content: string | Buffer | AsyncIterable<Buffer>,
  { mode, owner }: AtomicFileOptions,
): Promise<void> {
  await makeDirectory(dirname(file));
  const handle = await open(file, 'wx', mode);
  try {
    const pieces = typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content;
    for await (const piece of pieces) await handle.writeFile(piece);
    await giveToAdminGroup(handle, mode);
    if (owner !== undefined && process.geteuid?.() === 0) await handle.chown(owner, SAME_GROUP);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Returns when the content of `file` is on the disk. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, READ_ONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename, link or unlink in `directory` survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  await syncFile(directory);
}

async function stageAnd(
  file: string,
  content: string | Buffer,
  options: AtomicFileOptions,
  publish: (staged: string) => Promise<void>,
): Promise<void> {
  const staged = stagedName(file);
  try {
    await writeSynced(staged, content, options);
    await publish(staged);
  } finally {
    // One that stays is removed as stale: it must not make a failure of what is published.
    await rm(staged, { force: true }).catch(() => undefined);
  }
  await syncDirectory(dirname(file));
}
