import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, ignoreHidden, ignoreMissing, messageOf } from '../core/errors.js';
import { UnusableFile } from '../core/read-only.js';
import { applyDirectoryAttributes, type Attributes } from './attributes.js';
import { readTextFile, syncDirectory, writeFileAtomic } from './atomic-file.js';
import type { Change } from './change.js';
import { exists } from './exists.js';
import { createJsonLines, readJsonLines, readJsonLinesBackwards } from './json-lines.js';
import { freePath, removeTree } from './remove-tree.js';
import { syncFileSystem } from './sync-file-system.js';
import { isTreeStep, planTree, TreeConflict, type TreeStep } from './tree-plan.js';
import { putBack, replace, type Replaced } from './tree-step.js';

/** Where a tree is prepared, and what it goes into. */
export interface TreePlaces {
  /** What the new tree goes into, file by file. */
  readonly target: string;
  /** On the file system of `target`: holds everything of the change until it is closed. */
  readonly directory: string;
  /** Outside of it: exists from before the first file is replaced. */
  readonly journal: string;
}

/** Attributes for a directory of the new tree. */
export interface DirectoryAttributes extends Attributes {
  readonly path: string;
}

export interface TreeChange extends Change {
  /**
   * Replaces. When it has failed, the change has to be undone.
   *
   * @throws TreeConflict that names what cannot be replaced
   */
  apply(signal: AbortSignal): Promise<void>;
}

interface Journal {
  readonly isCommitted: boolean;
  readonly note?: unknown;
}

/** Of a change whose first file may be replaced. */
const NEW: Journal = { isCommitted: false };
/** Names files, and never what they hold. */
const JOURNAL_MODE = 0o644;

/** Makes an empty directory for a new tree. What is kept elsewhere of an earlier change is given up. */
export async function stageTree(places: TreePlaces): Promise<void> {
  await freePath(places.directory);
  await removeTree(unfoundJournal(places));
  await mkdir(places.directory, { mode: 0o700 });
  await mkdir(stagedTree(places));
}

/** Where the new tree is to be made; its directories are as `tree-plan.ts` has them until the change is applied. */
export function stagedTree({ directory }: TreePlaces): string {
  return join(directory, 'new');
}

/** Where {@link DirectoryAttributes} are to be listed, as JSON lines. */
export function attributesList({ directory }: TreePlaces): string {
  return join(directory, 'directories');
}

/**
 * Begins the replacement of files by those of a staged tree: what is needed to undo it is on the disk when this
 * resolves. Nothing is replaced yet.
 *
 * @throws TreeConflict
 */
export async function beginTreeChange(places: TreePlaces): Promise<TreeChange> {
  await mkdir(keptTree(places), { mode: 0o700 });
  const steps = await createJsonLines<TreeStep>(stepList(places));
  try {
    for (const step of planTree(stagedTree(places), places.target)) await steps.append(step);
  } finally {
    await steps.close();
  }
  await syncFileSystem(places.directory);
  await writeJournal(places, NEW);
  return { ...openChange(places, NEW), apply: (signal) => apply(places, signal) };
}

/** The change that a process which was killed has left, if only its staged tree. */
export async function findTreeChange(places: TreePlaces): Promise<Change | undefined> {
  const journal = await readJournal(places);
  if (journal) return openChange(places, journal);
  // Whoever may not look there leaves it to who may.
  const isStaged = await isDirectory(places.directory).catch(ignoreHidden);
  if (isStaged !== true) return undefined;
  return openChange(places, (await exists(unfoundJournal(places))) ? NEW : undefined);
}

/** Whether a change that was begun waits to be put back, or closed: what is in the directory is needed for that. */
export async function isTreeChangeOpen(places: TreePlaces): Promise<boolean> {
  if (await exists(places.journal)) return true;
  return (await exists(unfoundJournal(places))) && (await isDirectory(places.directory));
}

/** Who may write beside it can put a link there, which must not lead this process to another tree. */
async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing))?.isDirectory() === true;
}

/** @param journal undefined where nothing is replaced yet */
function openChange(places: TreePlaces, journal: Journal | undefined): Change {
  let mayBeCommitted = journal?.isCommitted === true;
  let isMissing = false;
  return {
    isCommitted: mayBeCommitted,
    note: journal?.note,
    annotate: (newNote) => writeJournal(places, { isCommitted: false, note: newNote }),
    async commit(newNote) {
      mayBeCommitted = true;
      await writeJournal(places, { isCommitted: true, note: newNote });
    },
    async putBack() {
      if (!journal) return undefined;
      // A commit that failed may be on the disk: who found it there would take what is put back for what is new.
      if (mayBeCommitted) await writeJournal(places, NEW);
      mayBeCommitted = false;
      isMissing = !(await isDirectory(places.directory));
      if (isMissing)
        return 'The list of what was replaced is missing: nothing was put back, files may be new';
      return putAllBack(places);
    },
    async close() {
      // What is there by now is all that can still put it back.
      if (isMissing) return setJournalAside(places);
      // What is put back needs no more of it; half of that would make one that is not committed look damaged.
      if (!mayBeCommitted) await removeJournal(places);
      // First: half of what putting back needs would make it take away what is new.
      if (await isDirectory(places.directory)) await removeTree(stepList(places));
      await freePath(places.directory);
      if (mayBeCommitted) await removeJournal(places);
    },
  };
}

async function apply(places: TreePlaces, signal: AbortSignal): Promise<void> {
  for await (const step of readJsonLines<TreeStep>(stepList(places))) {
    signal.throwIfAborted();
    if ('number' in step) describing('replace', step.path, () => replace(replacedBy(step, places)));
  }
  for await (const { path, ...attributes } of readJsonLines<DirectoryAttributes>(attributesList(places))) {
    signal.throwIfAborted();
    describing('set up', path, () => applyDirectoryAttributes(join(places.target, path), attributes));
  }
  await syncFileSystem(places.target);
}

/**
 * Goes on where something cannot be put back, so that as little as possible is missing.
 *
 * @returns what is not, where the list of steps is damaged: then there is no use in trying it again
 */
async function putAllBack(places: TreePlaces): Promise<string | undefined> {
  const failures: unknown[] = [];
  let isDamaged = false;
  try {
    for await (const step of readJsonLinesBackwards(stepList(places))) {
      if (!isTreeStep(step)) isDamaged = true;
      else attempt(() => putStepBack(step, places));
    }
  } catch (error) {
    if (!(error instanceof UnusableFile) && errnoOf(error) !== 'ENOENT') throw error;
    isDamaged = true;
  }
  const kept = (await readdir(keptTree(places)).catch(ignoreMissing)) ?? [];
  if (failures.length > 0 && !isDamaged) throw failures[0];
  await syncFileSystem(places.target);
  if (!isDamaged && kept.length === 0) return undefined;
  const what =
    'The list of what was replaced is damaged: what it still tells was put back, other files may be new';
  if (kept.length === 0) return what;
  // First: put back once more without what is kept, new files would go and leave nothing in their place.
  await removeTree(stepList(places));
  const aside = `${places.directory}.kept.${randomBytes(6).toString('hex')}`;
  await rename(keptTree(places), aside);
  return `${what}. ${kept.length} previous ones, without their names, are kept in ${aside}`;

  function attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      failures.push(error);
    }
  }
}

function putStepBack(step: TreeStep, places: TreePlaces): void {
  describing('put back', step.path, () => {
    if ('number' in step) putBack(replacedBy(step, places));
    else applyDirectoryAttributes(join(places.target, step.path), step.attributes);
  });
}

function replacedBy(step: { path: string; number: number }, places: TreePlaces): Replaced {
  return {
    place: join(places.target, step.path),
    staged: join(stagedTree(places), step.path),
    kept: join(keptTree(places), String(step.number)),
  };
}

function describing(action: string, path: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    // Node's message goes on with paths that are the change's own.
    const reason = messageOf(error).split(',', 1)[0] ?? '';
    throw new TreeConflict(`Cannot ${action} "${path}": ${reason}`, { cause: error });
  }
}

function keptTree({ directory }: TreePlaces): string {
  return join(directory, 'old');
}

function stepList({ directory }: TreePlaces): string {
  return join(directory, 'steps');
}

/**
 * The journal of a change whose directory was not there when it was to be put back, as where its volume is mounted
 * late: it is put back when the directory is found, and keeps nothing from being done until then. Of a directory without
 * this and without a journal nothing is put back: its change may be committed and closed.
 */
function unfoundJournal({ journal }: TreePlaces): string {
  return `${journal}.unfound`;
}

/** One that is damaged does not say that the change is committed, so it is not: what can be put back tells its list of steps. */
async function readJournal({ journal }: TreePlaces): Promise<Journal | undefined> {
  try {
    const text = await readTextFile(journal);
    if (text === undefined) return undefined;
    const { isCommitted, note } = (JSON.parse(text) ?? {}) as Partial<Journal>;
    return { isCommitted: isCommitted === true, note };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof UnusableFile)) throw error;
    return { isCommitted: false };
  }
}

async function writeJournal({ journal }: TreePlaces, content: Journal): Promise<void> {
  await writeFileAtomic(journal, JSON.stringify(content), { mode: JOURNAL_MODE });
}

async function removeJournal(places: TreePlaces): Promise<void> {
  await removeTree(unfoundJournal(places));
  await removeTree(places.journal);
  await syncDirectory(dirname(places.journal));
}

async function setJournalAside(places: TreePlaces): Promise<void> {
  // It may be aside already.
  if (!(await exists(places.journal))) return;
  await removeTree(unfoundJournal(places));
  await rename(places.journal, unfoundJournal(places));
  await syncDirectory(dirname(places.journal));
}
