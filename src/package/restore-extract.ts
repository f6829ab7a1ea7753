import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { applyAttributes, applyLinkAttributes, type Attributes } from '../system/attributes.js';
import type { JsonLines } from '../system/json-lines.js';
import type { DirectoryAttributes } from '../system/tree-change.js';
import { IMPLIED_DIRECTORY_MODE, STATED_DIRECTORY_MODE } from '../system/tree-plan.js';
import { ArchiveError } from './archive-error.js';
import { entrySegments } from './entry-path.js';
import { mayLeadOut } from './link-rule.js';
import { printable } from './printable.js';
import { refuseEntry, type RestoredEntry } from './restore-rules.js';
import { systemReason } from './system-error.js';
import type { TarEntry } from './tar-reader.js';

export interface RestoreExtractor {
  /** @throws ArchiveError for an entry that does not fit those before it, or that cannot be written */
  extract(entry: TarEntry, admitted: RestoredEntry): Promise<void>;
  isEmpty(): boolean;
}

const SPECIAL_BITS = 0o6000;
const SET_USER_ID = 0o4000;

/**
 * Writes admitted entries below `directory`. The tree there is all that is remembered of them: nothing is written
 * through a link, a later file or link replaces an earlier one, and neither ever replaces a directory.
 *
 * @param target where the tree will be used
 */
export function createRestoreExtractor(
  directory: string,
  target: string,
  attributes: JsonLines<DirectoryAttributes>,
): RestoreExtractor {
  let isEmpty = true;
  let knownParent = '';

  const extract = async (entry: TarEntry, { type, segments }: RestoredEntry): Promise<void> => {
    // The top directory in place keeps its own attributes.
    if (segments.length === 0) return;
    isEmpty = false;
    const path = segments.join('/');
    const place = join(directory, path);
    makeParents(entry, segments.slice(0, -1));
    const there = statsOf(place);
    if (type === 'directory') {
      makeDirectory(entry, place, there);
      await attributes.append({ ...attributesFor(entry), mode: entry.mode & ~SET_USER_ID, path });
      return;
    }
    if (there?.isDirectory() === true)
      throw refuseEntry(entry.path, 'is both a directory and something else');
    if (there && type !== 'hardLink') unlinkSync(place);
    if (type === 'hardLink') makeHardLink(entry, path, there);
    else if (type === 'symbolicLink') makeSymbolicLink(entry, path, entry.linkpath ?? '');
    else await writeFile(entry, place);
  };

  const makeParents = (entry: TarEntry, parents: readonly string[]): void => {
    const parent = parents.join('/');
    if (parent === knownParent) return;
    for (let depth = 1; depth <= parents.length; depth += 1) {
      const path = join(directory, ...parents.slice(0, depth));
      const there = statsOf(path);
      if (!there) {
        mkdirSync(path);
        chmodSync(path, IMPLIED_DIRECTORY_MODE);
      } else if (!there.isDirectory())
        throw refuseEntry(entry.path, 'lies below something that is no directory');
    }
    knownParent = parent;
  };

  const makeSymbolicLink = (entry: TarEntry, path: string, to: string): void => {
    if (to.includes('\ufffd')) throw refuseEntry(entry.path, 'is a link to a name that is not UTF-8');
    if (mayLeadOut(path, to, target)) {
      throw refuseEntry(entry.path, `is a link that may lead out of ${target} ("${printable(to)}")`);
    }
    const place = join(directory, path);
    symlinkSync(to, place);
    applyLinkAttributes(place, attributesFor(entry));
  };

  const makeHardLink = (entry: TarEntry, path: string, there: Stats | undefined): void => {
    const to = entrySegments(entry.linkpath ?? '', (reason) => refuseEntry(entry.linkpath ?? '', reason));
    const source = join(directory, ...to);
    const linked = isReached(to) ? statsOf(source) : undefined;
    if (!linked || linked.isDirectory()) {
      throw refuseEntry(entry.path, `is a link to "${printable(to.join('/'))}", which is no file before it`);
    }
    // Another name for it may have been extracted already.
    if (there?.ino === linked.ino) return;
    // One name of a symbolic link could lead out from where another does not.
    if (there) unlinkSync(join(directory, path));
    if (linked.isSymbolicLink()) {
      makeSymbolicLink(entry, path, readlinkSync(source));
      return;
    }
    const place = join(directory, path);
    linkSync(source, place);
  };

  /** Whether only directories lie on the way. */
  const isReached = (segments: readonly string[]): boolean => {
    for (let depth = 1; depth < segments.length; depth += 1) {
      const there = statsOf(join(directory, ...segments.slice(0, depth)));
      if (there?.isDirectory() !== true) return false;
    }
    return segments.length > 0;
  };

  return {
    isEmpty: () => isEmpty,
    extract: (entry, admitted) =>
      extract(entry, admitted).catch((error: unknown) => {
        const reason = systemReason(error);
        if (reason === undefined) throw error;
        throw new ArchiveError(`Cannot write "${printable(entry.path)}": ${reason}`, { cause: error });
      }),
  };
}

function makeDirectory(entry: TarEntry, place: string, there: Stats | undefined): void {
  if (there && !there.isDirectory()) throw refuseEntry(entry.path, 'is both a directory and something else');
  if (!there) mkdirSync(place);
  chmodSync(place, STATED_DIRECTORY_MODE);
}

async function writeFile(entry: TarEntry, place: string): Promise<void> {
  const file = openSync(place, 'wx', 0o600);
  try {
    for await (const chunk of entry.body) writeWhole(file, chunk);
    applyAttributes(file, { ...attributesFor(entry), mode: entry.mode & ~SPECIAL_BITS });
  } finally {
    closeSync(file);
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let start = 0; start < bytes.length;) start += writeSync(file, bytes, start);
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function attributesFor({ mode, uid, gid, mtime }: TarEntry): Attributes {
  return { mode, uid, gid, mtimeMs: mtime?.getTime() };
}
