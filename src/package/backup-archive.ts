import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { errnoOf, isDiskFull } from '../core/errors.js';
import { giveToAdminGroup } from '../system/admin-group.js';
import { AS_IT_IS } from '../system/as-it-is.js';
import { ArchiveError } from './archive-error.js';
import { backupMembers, leftOut, unreadable, type BackupSource } from './backup-members.js';
import { printable } from './printable.js';
import { TAR_END, tarMember, tarMemberBytes, type TarMember } from './tar-writer.js';

export interface BackupArchive {
  /** Bytes that it takes on disk. */
  readonly diskBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface BackupTarget {
  readonly file: string;
  readonly mode: number;
  readonly limitBytes: number;
  /** Told the size so far. */
  readonly onProgress: (bytes: number) => Promise<void>;
  /** Told what is left out, and which files changed while they were read. */
  readonly note: Note;
}

type Note = (text: string) => Promise<void>;

const MEMBERS_AT_ONCE = 1000;
const READ_BYTES = 256 * 1024;
const WRITE_BYTES = 1024 * 1024;
/** Archives are padded to a whole record, as tar programs make them. */
const RECORD_BYTES = 10_240;
/** Of a file that was replaced by something else between two looks. */
const VANISHED = ['ENOENT', 'ELOOP', 'ENXIO'];

/** How large the archive of a source is going to be. @throws ArchiveError */
export async function measureBackup(source: BackupSource): Promise<number> {
  let bytes = TAR_END.length;
  let count = 0;
  for (const member of backupMembers(source)) {
    if (!('leftOut' in member)) bytes += tarMemberBytes(member);
    // So that the signal can come.
    if (++count % MEMBERS_AT_ONCE === 0) await setImmediate();
  }
  return RECORD_BYTES * Math.ceil(bytes / RECORD_BYTES);
}

/**
 * Makes the archive and its hash in one pass and in constant memory. It is on the disk when this resolves.
 *
 * @throws ArchiveError
 */
export async function writeBackup(source: BackupSource, target: BackupTarget): Promise<BackupArchive> {
  const hash = createHash('sha256');
  const file = await open(target.file, 'wx', target.mode);
  try {
    let size = 0;
    for await (const bytes of inPieces(archiveOf(source, target.note))) {
      source.signal.throwIfAborted();
      size += bytes.length;
      if (size > target.limitBytes) {
        throw new ArchiveError(`The backup grew beyond the ${target.limitBytes} bytes that are free for it`);
      }
      hash.update(bytes);
      await file.writeFile(bytes);
      await target.onProgress(size);
    }
    await giveToAdminGroup(file, target.mode);
    await file.chmod(target.mode);
    await file.sync();
    const { blocks } = await file.stat();
    return { diskBytes: 512 * blocks || size, sha256: hash.digest('hex') };
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new ArchiveError('Cannot write the backup: No space left on device', { cause: error });
  } finally {
    await file.close();
  }
}

async function* archiveOf(source: BackupSource, note: Note): AsyncGenerator<Buffer> {
  let size = 0;
  for (const member of backupMembers(source)) {
    if ('leftOut' in member) {
      await note(member.leftOut);
      continue;
    }
    const bytes = member.type === 'File' ? fileMember(source, member, note) : tarMember(member, []);
    for await (const chunk of bytes) {
      size += chunk.length;
      yield chunk;
    }
  }
  yield TAR_END;
  size += TAR_END.length;
  yield Buffer.alloc(RECORD_BYTES * Math.ceil(size / RECORD_BYTES) - size);
}

async function* fileMember(
  { directory }: BackupSource,
  member: TarMember,
  note: Note,
): AsyncGenerator<Buffer> {
  const { path } = member;
  const file = openFile(directory, path);
  try {
    const stats = file === undefined ? undefined : fstatSync(file);
    if (file === undefined || stats?.isFile() !== true) {
      await note(leftOut(path, 'has vanished').leftOut);
      return;
    }
    const { size: sizeBytes, mode, uid, gid, mtime } = stats;
    const opened = { ...member, mode: mode & 0o7777, uid, gid, mtime, sizeBytes };
    yield* tarMember(opened, exactly(file, path, sizeBytes));
    const after = fstatSync(file);
    if (after.size !== sizeBytes || after.mtimeMs !== stats.mtimeMs) {
      await note(`"${printable(path)}" changed while it was backed up`);
    }
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Undefined when there is no file any more; a pipe in its place would not be waited for. */
function openFile(directory: string, path: string): number | undefined {
  try {
    return openSync(join(directory, path), AS_IT_IS);
  } catch (error) {
    if (VANISHED.includes(errnoOf(error) ?? '')) return undefined;
    throw unreadable(path, error);
  }
}

/** The first `sizeBytes` of a file; zeros where it has become shorter. */
function* exactly(file: number, path: string, sizeBytes: number): Generator<Buffer> {
  for (let position = 0; position < sizeBytes;) {
    const bytes = Buffer.alloc(Math.min(READ_BYTES, sizeBytes - position));
    const bytesRead = readInto(bytes, file, path, position);
    position += bytesRead || bytes.length;
    yield bytesRead === 0 ? bytes : bytes.subarray(0, bytesRead);
  }
}

function readInto(bytes: Buffer, file: number, path: string, position: number): number {
  try {
    return readSync(file, bytes, 0, bytes.length, position);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Few large pieces of many small ones. */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    size += chunk.length;
    if (size < WRITE_BYTES) continue;
    yield Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
  }
  yield Buffer.concat(pieces, size);
}
