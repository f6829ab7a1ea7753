import type { Stats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { errnoOf, messageOf } from '../core/errors.js';
import { AS_IT_IS } from '../system/as-it-is.js';
import { TAR_END, tarMember } from './tar-writer.js';

export interface FilesToPack {
  /** Stands for `/`: nothing outside it is read. */
  readonly root: string;
  /** Absolute, as seen from the root. A symbolic link is packed as a link, unless its path ends in a slash. */
  readonly paths: readonly string[];
  /**
   * Files and directories, with their place in the file system of this process, that are left out wherever they turn up: also
   * what lies in them, and what is staged to replace them or kept of them beside them, `.<name>.….new` and `.<name>.….old`.
   */
  readonly excluded: readonly string[];
  /** Files and directories, as seen from the root, without which the tar is worth nothing; default: none. */
  readonly required?: readonly string[];
  /** Told of each file that could not be found out about or read, or not to the size that it had. */
  onTrouble(path: string, error: unknown): Promise<void>;
}

const READ_BYTES = 256 * 1024;
const PERMISSIONS = 0o7777;

/**
 * The tar of files and directories that others write, rotate and delete meanwhile. Member names are the paths without
 * the leading slash; each file is packed once, with the size that it has when its turn comes. What is missing is
 * skipped, and so is what is no file, directory or symbolic link.
 *
 * @throws when it cannot be found out where a file to be left out is, or when one that is required is not in the tar
 */
export async function* tarFiles(files: FilesToPack): AsyncGenerator<Buffer> {
  const root = await realpath(files.root);
  const missing = new Set(files.required);
  const excluded = (await Promise.all(files.excluded.map(placesOf))).flat();
  const isExcluded = (place: string) =>
    excluded.some((one) => one !== undefined && (isBelow(one, place) || isVersionOf(one, place)));
  const done = new Set<string>();
  for (const path of files.paths) {
    const named = join('/', path);
    const member = named.replace(/^\/+|\/+$/g, '');
    const place = await attempt(member, () => placeOf(join(files.root, named)));
    if (place === undefined || !isBelow(root, place)) continue;
    yield* pack(member, place);
  }
  for (const path of missing) throw new Error(`"${path}" could not be packed`);
  yield TAR_END;

  async function* pack(member: string, place: string): AsyncGenerator<Buffer> {
    if (done.has(place) || isExcluded(place)) return;
    done.add(place);
    const stats = await attempt(member, () => lstat(place));
    if (stats?.isDirectory() === true) yield* packDirectory(member, place, stats);
    else if (stats?.isSymbolicLink() === true) yield* packLink(member, place, stats);
    else if (stats?.isFile() === true) yield* packFile(member, place);
  }

  async function* packDirectory(member: string, place: string, stats: Stats): AsyncGenerator<Buffer> {
    const names = await attempt(member, () => readdir(place));
    if (!names) return;
    missing.delete(`/${member}`);
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
    const handle = await attempt(member, () => open(place, AS_IT_IS));
    try {
      const stats = await handle?.stat();
      if (!handle || stats?.isFile() !== true) return;
      // Before its header: what cannot be read at all is left out.
      const first = await attempt(member, () => readAt(handle, 0, stats.size));
      if (first === undefined) return;
      const file = { ...common(stats), path: member, type: 'File', sizeBytes: stats.size } as const;
      missing.delete(`/${member}`);
      const onShort = (error: unknown) => {
        if (files.required?.includes(`/${member}`) === true) missing.add(`/${member}`);
        return files.onTrouble(`/${member}`, error);
      };
      yield* tarMember(file, readExactly(handle, first, stats.size, onShort));
    } finally {
      await handle?.close();
    }
  }

  async function attempt<T>(member: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!isAbsent(error)) await files.onTrouble(`/${member}`, error);
      return undefined;
    }
  }
}

/** What a file has beyond `sizeBytes` is left; what it lacks, since it was cut or cannot be read, is zeros. */
async function* readExactly(
  file: FileHandle,
  first: Buffer,
  sizeBytes: number,
  onShort: (error: unknown) => Promise<void>,
): AsyncGenerator<Buffer> {
  let offset = 0;
  for (let chunk = first; chunk.length > 0; chunk = await readAt(file, offset, sizeBytes).catch(nothing)) {
    offset += chunk.length;
    yield chunk;
  }
  if (offset < sizeBytes) await onShort(new Error(`${sizeBytes - offset} bytes of it could not be read`));
  for (; offset < sizeBytes; offset += READ_BYTES)
    yield Buffer.alloc(Math.min(READ_BYTES, sizeBytes - offset));
}

async function readAt(file: FileHandle, offset: number, sizeBytes: number): Promise<Buffer> {
  const length = Math.min(READ_BYTES, sizeBytes - offset);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function nothing(): Buffer {
  return Buffer.alloc(0);
}

/** The path without symbolic links, the last one excepted; undefined where its directory is missing. */
async function placeOf(path: string): Promise<string | undefined> {
  const isFollowed = path.endsWith(sep);
  const resolved = await realpath(isFollowed ? path : dirname(path)).catch(ignoreAbsent);
  return resolved === undefined || isFollowed ? resolved : join(resolved, basename(path));
}

/** Where a file is, and what it leads to if it is a link. */
async function placesOf(path: string): Promise<readonly (string | undefined)[]> {
  try {
    return [await placeOf(path), await realpath(path).catch(ignoreAbsent)];
  } catch (error) {
    throw new Error(`"${path}" cannot be left out: ${messageOf(error)}`, { cause: error });
  }
}

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
}

function isBelow(root: string, place: string): boolean {
  return place === root || place.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Whether a file lies beside another one that it shall replace, or once was. */
function isVersionOf(original: string, place: string): boolean {
  const name = basename(place);
  const isNamed = name.startsWith(`.${basename(original)}.`) && /\.(new|old)$/.test(name);
  return isNamed && dirname(place) === dirname(original);
}

function common({ mode, mtime }: Stats) {
  return { mode: mode & PERMISSIONS, mtime, sizeBytes: 0 };
}
