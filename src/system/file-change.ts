import { randomBytes } from 'node:crypto';
import { copyFile, constants, link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { ignoreUnusable } from '../core/read-only.js';
import { readTextFile, stagedName, syncDirectory, writeFileAtomic, writeSynced } from './atomic-file.js';
import { applyAttributes, attributesOf } from './attributes.js';
import type { Change } from './change.js';
import { exists } from './exists.js';
import { makeDirectory } from './make-directory.js';

/** A file with its new content, or with a file beside it that shall take its place and is on the disk already. */
export type FileReplacement =
  | { readonly file: string; readonly content: string | Buffer; readonly mode: number }
  | { readonly file: string; readonly staged: string };

interface Entry {
  readonly file: string;
  readonly staged: string;
  /** Keeps the replaced file; undefined where there was none. */
  readonly old: string | undefined;
}

interface Journal {
  readonly entries: readonly Entry[];
  readonly isCommitted: boolean;
  readonly note?: unknown;
}

/** Names files, and never what they hold. */
const JOURNAL_MODE = 0o644;

/**
 * Replaces files together, each by rename. What is needed to undo it is on the disk before the first one is replaced.
 *
 * @param journal a file of its own, in which {@link findFileChange} finds a change that was left unfinished
 * @throws the system error that prevented it; every file is as it was then, or the change can be found
 */
export async function replaceFiles(
  journal: string,
  replacements: readonly FileReplacement[],
): Promise<Change> {
  const planned = await Promise.all(
    replacements.map(async (replacement) => ({ ...(await plan(replacement)), replacement })),
  );
  const entries = planned.map(({ file, staged, old }): Entry => ({ file, staged, old }));
  const change = openChange(journal, { entries, isCommitted: false });
  try {
    // Before anything is staged: what is half-written when this process is killed is removed, too.
    await writeJournal(journal, { entries, isCommitted: false });
    for (const { staged, replacement } of planned) {
      if ('content' in replacement) await writeSynced(staged, replacement.content, replacement);
    }
    for (const entry of entries) await keepOld(entry);
    await syncDirectories(entries);
    await inOrder(entries, ({ file, staged }) => rename(staged, file));
    return change;
  } catch (error) {
    // What cannot be put back is found by its journal; the reason is this error.
    await forget(change).catch(() => undefined);
    throw error;
  }
}

async function forget(change: Change): Promise<void> {
  await change.putBack();
  await change.close();
}

/**
 * Records what cannot be undone as a committed change, for whoever finds it after a crash.
 *
 * @param note as {@link Change.commit} has it
 */
export async function recordDone(journal: string, note: unknown): Promise<Change> {
  const change = openChange(journal, { entries: [], isCommitted: true, note });
  await change.commit(note);
  return change;
}

/** The change that a process which was killed has left. A damaged journal tells nothing that could be undone. */
export async function findFileChange(journal: string): Promise<Change | undefined> {
  const text = await readTextFile(journal).catch(ignoreUnusable);
  try {
    const content: unknown = text === undefined ? undefined : JSON.parse(text);
    return isJournal(content) ? openChange(journal, content) : undefined;
  } catch {
    return undefined;
  }
}

function isJournal(value: unknown): value is Journal {
  const { entries, isCommitted } = (value ?? {}) as Partial<Journal>;
  return typeof isCommitted === 'boolean' && Array.isArray(entries) && entries.every(isEntry);
}

function isEntry(value: unknown): value is Entry {
  const { file, staged, old } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return [file, staged].every(isPath) && (old === undefined || isPath(old));
}

function isPath(value: unknown): value is string {
  return typeof value === 'string';
}

function openChange(journal: string, { entries, isCommitted, note }: Journal): Change {
  let mayBeCommitted = isCommitted;
  return {
    isCommitted,
    note,
    annotate: (newNote) => writeJournal(journal, { entries, isCommitted: false, note: newNote }),
    async commit(newNote) {
      mayBeCommitted = true;
      await writeJournal(journal, { entries, isCommitted: true, note: newNote });
    },
    async putBack() {
      // A commit that failed may be on the disk: who found it there would take what is put back for what is new.
      if (mayBeCommitted) await writeJournal(journal, { entries, isCommitted: false });
      mayBeCommitted = false;
      const failures: unknown[] = [];
      const fail = (error: unknown) => void failures.push(error);
      // Goes on, so that as little as possible is missing.
      await inOrder(
        entries.toReversed(),
        (entry) => putBack(entry).catch(fail),
        (directory) => syncUnlessMissing(directory).catch(fail),
      );
      if (failures.length > 0) throw failures[0];
      return undefined;
    },
    async close() {
      for (const { old } of entries) if (old !== undefined) await rm(old, { force: true });
      await syncDirectories(entries, syncUnlessMissing);
      await remove(journal);
    },
  };
}

async function plan(replacement: FileReplacement): Promise<Entry> {
  const { file } = replacement;
  await makeDirectory(dirname(file));
  const staged = 'staged' in replacement ? replacement.staged : stagedName(file);
  const old = (await exists(file))
    ? join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.old`)
    : undefined;
  return { file, staged, old };
}

async function keepOld({ file, old }: Entry): Promise<void> {
  if (old === undefined) return;
  await link(file, old).catch(async (error: unknown) => {
    // A file system without hard links, or another owner's file.
    if (!['EPERM', 'ENOTSUP', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    await rename(await copyOf(file), old);
  });
}

/** @returns the name of a copy beside it that is on the disk, and belongs to whom the file does */
async function copyOf(file: string): Promise<string> {
  const copy = stagedName(file);
  await copyFile(file, copy, constants.COPYFILE_EXCL);
  const handle = await open(copy);
  try {
    applyAttributes(handle.fd, attributesOf(await stat(file)));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return copy;
}

/** Right whatever part of the replacement has been done. */
async function putBack({ file, staged, old }: Entry): Promise<void> {
  // What is only staged has replaced nothing; what kept it from that may keep this from putting anything there, too.
  if (!(await isOnlyStaged(file, staged))) {
    if (old === undefined) await rm(file, { force: true });
    else if (await exists(old)) await rename(old, file);
  }
  // rename(2) does nothing where both are the same file.
  if (old !== undefined) await rm(old, { force: true });
  await rm(staged, { force: true });
}

/** Where a rename is not one change on the disk, a power cut can leave what was moved with both names. */
async function isOnlyStaged(file: string, staged: string): Promise<boolean> {
  const stagedStats = await lstat(staged).catch(ignoreMissing);
  if (!stagedStats) return false;
  const stats = await lstat(file).catch(ignoreMissing);
  return stats?.dev !== stagedStats.dev || stats.ino !== stagedStats.ino;
}

async function writeJournal(journal: string, content: Journal): Promise<void> {
  await writeFileAtomic(journal, JSON.stringify(content), { mode: JOURNAL_MODE });
}

/** Not every file system writes changes of several directories in the order in which they were made. */
async function inOrder(
  entries: readonly Entry[],
  change: (entry: Entry) => Promise<void>,
  sync = syncDirectory,
): Promise<void> {
  for (const [at, entry] of entries.entries()) {
    await change(entry);
    const next = entries[at + 1];
    if (!next || dirname(next.file) !== dirname(entry.file)) await sync(dirname(entry.file));
  }
}

async function syncDirectories(entries: readonly Entry[], sync = syncDirectory): Promise<void> {
  for (const directory of new Set(entries.map(({ file }) => dirname(file)))) await sync(directory);
}

/** A directory that is removed meanwhile takes with it what was replaced there. */
async function syncUnlessMissing(directory: string): Promise<void> {
  await syncDirectory(directory).catch(ignoreMissing);
}

async function remove(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncDirectory(dirname(file));
}
