import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { errnoOf } from '../core/errors.js';
import { TAR_END, tarMember } from './tar-writer.js';

export interface FilesToPack {
  /** Stands for `/`: nothing outside it is read. */
  readonly root: string;
  /** Absolute, as seen from the root. A symbolic link is packed as a link, unless its path ends in a slash. */
  readonly paths: readonly string[];
  /** Files that are left out wherever they turn up, with their place in the file system of this process. */
  readonly excluded: readonly string[];
  /** Told of each file that could not be read, or not to the size that it had. */
  onTrouble(path: string, error: unknown): Promise<void>;
}

const READ_BYTES = 256 * 1024;
const PERMISSIONS = 0o7777;

/**
 * The tar of files and directories that others write, rotate and delete meanwhile. Member names are the paths without
 * the leading slash; each file is packed once, with the size that it has when its turn comes. What is missing is
 * skipped, and so is what is no file, directory or symbolic link.
 */
export async function* tarFiles(files: FilesToPack): AsyncGenerator<Buffer> {
  const root = await realpath(files.root);
  const done = new Set(await Promise.all(files.excluded.map(placeOf)));
  for (const path of files.paths) {
    const named = join('/', path);
    const place = await placeOf(join(files.root, named));
    if (place === undefined || !isBelow(root, place)) continue;
    yield* pack(named.replace(/^\/+|\/+$/g, ''), place);
  }
  yield TAR_END;

  async function* pack(member: string, place: string): AsyncGenerator<Buffer> {
    if (done.has(place)) return;
    done.add(place);
    const stats = await attempt(member, () => lstat(place));
    if (stats?.isDirectory() === true) yield* packDirectory(member, place, stats);
    else if (stats?.isSymbolicLink() === true) yield* packLink(member, place, stats);
    else if (stats?.isFile() === true) yield* packFile(member, place);
  }

  async function* packDirectory(member: string, place: string, stats: Stats): AsyncGenerator<Buffer> {
    const names = await attempt(member, () => readdir(place));
    if (!names) return;
    if (member !== '') yield* tarMember({ ...common(stats), path: `${member}/`, type: 'Directory' }, []);
    for (const name of names.sort()) yield* pack(join(member, name), join(place, name));
  }

  async function* packLink(member: string, place: string, stats: Stats): AsyncGenerator<Buffer> {
    const linkpath = await attempt(member, () => readlink(place));
    if (linkpath === undefined) return;
    yield* tarMember({ ...common(stats), path: member, type: 'SymbolicLink', linkpath }, []);
  }

  async function* packFile(member: string, place: string): AsyncGenerator<Buffer> {
    // It may have become a link, or a FIFO, on which opening would wait.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await attempt(member, () => open(place, flags));
    try {
      const stats = await handle?.stat();
      if (!handle || stats?.isFile() !== true) return;
      const file = { ...common(stats), path: member, type: 'File', sizeBytes: stats.size } as const;
      const content = readExactly(handle, stats.size, (error) => files.onTrouble(`/${member}`, error));
      yield* tarMember(file, content);
    } finally {
      await handle?.close();
    }
  }

  async function attempt<T>(member: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') await files.onTrouble(`/${member}`, error);
      return undefined;
    }
  }
}

/** What a file has beyond `sizeBytes` is left; what it lacks, since it was cut or cannot be read, is zeros. */
async function* readExactly(
  file: FileHandle,
  sizeBytes: number,
  onShort: (error: unknown) => Promise<void>,
): AsyncGenerator<Buffer> {
  let offset = 0;
  while (offset < sizeBytes) {
    const buffer = Buffer.alloc(Math.min(READ_BYTES, sizeBytes - offset));
    const { bytesRead } = await read(file, buffer, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if (offset < sizeBytes) await onShort(new Error(`${sizeBytes - offset} bytes of it could not be read`));
  for (; offset < sizeBytes; offset += READ_BYTES)
    yield Buffer.alloc(Math.min(READ_BYTES, sizeBytes - offset));
}

async function read(
  file: FileHandle,
  buffer: Buffer,
  offset: number,
): Promise<{ readonly bytesRead: number }> {
  return file.read(buffer, 0, buffer.length, offset).catch(() => ({ bytesRead: 0 }));
}

/** The path without symbolic links, the last one excepted; undefined where its directory is missing or unreadable. */
async function placeOf(path: string): Promise<string | undefined> {
  const isFollowed = path.endsWith(sep);
  const resolved = await realpath(isFollowed ? path : dirname(path)).catch(() => undefined);
  return resolved === undefined || isFollowed ? resolved : join(resolved, basename(path));
}

function isBelow(root: string, place: string): boolean {
  return place === root || place.startsWith(root.endsWith(sep) ? root : root + sep);
}

function common({ mode, mtime }: Stats) {
  return { mode: mode & PERMISSIONS, mtime, sizeBytes: 0 };
}
