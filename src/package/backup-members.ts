import { lstatSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../core/errors.js';
import { isLeftName } from '../system/remove-tree.js';
import { ArchiveError } from './archive-error.js';
import { mayLeadOut } from './link-rule.js';
import { printable } from './printable.js';
import { systemReason } from './system-error.js';
import type { TarMember } from './tar-writer.js';

export interface BackupSource {
  readonly directory: string;
  /** What to back up, relative to `directory`, none below another. */
  readonly paths: readonly string[];
  /** Absolute paths that are left out, with what is left of them where they could not be deleted. */
  readonly excluded: readonly string[];
  readonly signal: AbortSignal;
}

/** What cannot be in an archive: a text for the operator that names it. */
export interface LeftOut {
  readonly leftOut: string;
}

const KINDS = [
  ['isSocket', 'a socket'],
  ['isFIFO', 'a named pipe'],
  ['isBlockDevice', 'a device'],
  ['isCharacterDevice', 'a device'],
] as const;

/**
 * The members of a backup, sorted by name, directories before what they hold. What vanishes meanwhile is left out.
 *
 * @throws ArchiveError that names what cannot be read
 */
export function* backupMembers(source: BackupSource): Generator<TarMember | LeftOut> {
  /** The first name of each file that has several, by device, inode and, since inodes are used again, birth. */
  const linked = new Map<string, string>();

  const member = function* (path: string): Generator<TarMember | LeftOut> {
    source.signal.throwIfAborted();
    const file = join(source.directory, path);
    if (isExcluded(file)) return;
    // The directory itself may be a link to where its disk is mounted.
    const stats = (path === '.' ? statSync : lstatSync)(file, { throwIfNoEntry: false });
    if (!stats) {
      yield leftOut(path, 'has vanished');
      return;
    }
    const common = { path, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: stats.uid, gid: stats.gid };
    if (stats.isDirectory()) {
      // The top directory belongs to the appliance.
      if (path !== '.') yield { ...common, path: `${path}/`, type: 'Directory', sizeBytes: 0 };
      for (const name of namesIn(file, path)) {
        const below = path === '.' ? name.text : `${path}/${name.text}`;
        if (name.isUtf8) yield* member(below);
        else yield leftOut(below, 'has a name that is not UTF-8');
      }
    } else if (stats.isSymbolicLink()) {
      const linkpath = readlinkSync(file);
      if (linkpath.includes('\ufffd') || mayLeadOut(path, linkpath, source.directory)) {
        yield leftOut(path, `is a link that may lead out of ${source.directory}`);
      } else yield { ...common, type: 'SymbolicLink', sizeBytes: 0, linkpath };
    } else if (stats.isFile()) {
      const first = firstName(stats, path);
      if (first === path) yield { ...common, type: 'File', sizeBytes: stats.size };
      else yield { ...common, type: 'Link', sizeBytes: 0, linkpath: first };
    } else {
      yield leftOut(path, `is ${KINDS.find(([is]) => stats[is]())?.[1] ?? 'of an unknown kind'}`);
    }
  };

  const isExcluded = (file: string): boolean =>
    source.excluded.some(
      (path) =>
        file === path || (dirname(file) === dirname(path) && isLeftName(basename(file), basename(path))),
    );

  const firstName = ({ dev, ino, birthtimeMs, nlink }: Stats, path: string): string => {
    if (nlink === 1) return path;
    const key = `${dev}:${ino}:${birthtimeMs}`;
    const first = linked.get(key) ?? path;
    linked.set(key, first);
    return first;
  };

  for (const path of source.paths) yield* member(path);
}

export function leftOut(path: string, reason: string): LeftOut {
  return { leftOut: `Left out: "${printable(path)}" ${reason}` };
}

/** Sorted, so that the same files make the same archive. A name that is not UTF-8 could not be restored. */
function namesIn(directory: string, path: string): { text: string; isUtf8: boolean }[] {
  return readNames(directory, path)
    .sort((a, b) => Buffer.compare(a, b))
    .map((name) => ({ text: name.toString(), isUtf8: !name.toString().includes('\ufffd') }));
}

function readNames(directory: string, path: string): Buffer[] {
  try {
    return readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined
    ? error
    : new ArchiveError(`Cannot read "${printable(path)}": ${reason}`, { cause: error });
}
