import type { Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '../core/errors.js';
import { ArchiveError } from './archive-error.js';
import { mayLeadOut } from './link-rule.js';
import { printable } from './printable.js';
import { systemReason } from './system-error.js';
import type { TarMember } from './tar-writer.js';

export interface BackupSource {
  readonly directory: string;
  /** What to back up, relative to `directory`, none below another. */
  readonly paths: readonly string[];
  /** Absolute paths that are left out. */
  readonly excluded: readonly string[];
  readonly signal: AbortSignal;
}

/** Told what cannot be in an archive: a text for the operator that names it. */
export type LeftOut = (text: string) => Promise<void>;

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
export async function* backupMembers(source: BackupSource, leftOut: LeftOut): AsyncGenerator<TarMember> {
  /** The first name of each file that has several, by device and inode. */
  const linked = new Map<string, string>();

  const member = async function* (path: string): AsyncGenerator<TarMember> {
    source.signal.throwIfAborted();
    const file = join(source.directory, path);
    if (source.excluded.includes(file)) return;
    const stats = await lstat(file).catch(ignoreMissing);
    if (!stats) return leftOut(`Left out: "${printable(path)}" has vanished`);
    const common = { path, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: stats.uid, gid: stats.gid };
    if (stats.isDirectory()) {
      // The top directory belongs to the appliance.
      if (path !== '.') yield { ...common, path: `${path}/`, type: 'Directory', sizeBytes: 0 };
      for (const name of await namesIn(file, path, leftOut))
        yield* member(path === '.' ? name : `${path}/${name}`);
    } else if (stats.isSymbolicLink()) {
      const linkpath = await targetOf(file);
      if (linkpath === undefined || mayLeadOut(path, linkpath, source.directory)) {
        return leftOut(`Left out: "${printable(path)}" is a link that may lead out of ${source.directory}`);
      }
      yield { ...common, type: 'SymbolicLink', sizeBytes: 0, linkpath };
    } else if (stats.isFile()) {
      const first = firstName(stats, path);
      if (first === path) yield { ...common, type: 'File', sizeBytes: stats.size };
      else yield { ...common, type: 'Link', sizeBytes: 0, linkpath: first };
    } else {
      const kind = KINDS.find(([is]) => stats[is]())?.[1] ?? 'of an unknown kind';
      return leftOut(`Left out: "${printable(path)}" is ${kind}`);
    }
  };

  const firstName = ({ dev, ino, nlink }: Stats, path: string): string => {
    if (nlink === 1) return path;
    const key = `${dev}:${ino}`;
    const first = linked.get(key) ?? path;
    linked.set(key, first);
    return first;
  };

  for (const path of source.paths) yield* member(path);
}

/** Sorted, so that the same files make the same archive. A name that is not UTF-8 cannot be restored. */
async function namesIn(directory: string, path: string, leftOut: LeftOut): Promise<string[]> {
  const names: Buffer[] = await readdir(directory, { encoding: 'buffer' }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const texts: string[] = [];
  for (const name of names.sort((a, b) => Buffer.compare(a, b))) {
    const text = name.toString();
    if (text.includes('\ufffd')) {
      await leftOut(
        `Left out: "${printable(`${path}/${name.toString('latin1')}`)}" has a name that is not UTF-8`,
      );
    } else texts.push(text);
  }
  return texts;
}

async function targetOf(link: string): Promise<string | undefined> {
  const target = await readlink(link).catch(ignoreMissing);
  return target?.includes('\ufffd') === true ? undefined : target;
}

export function unreadable(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined
    ? error
    : new ArchiveError(`Cannot read "${printable(path)}": ${reason}`, { cause: error });
}
