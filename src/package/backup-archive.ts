import { createHash } from 'node:crypto';
import { constants, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.js';
import { ArchiveError } from './archive-error.js';
import { backupMembers, unreadable, type BackupSource, type LeftOut } from './backup-members.js';
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
}

const READ_BYTES = 256 * 1024;
const WRITE_BYTES = 1024 * 1024;
/** Archives are padded to a whole record, as tar programs make them. */
const RECORD_BYTES = 10_240;
/** Of a file that was replaced by something else between two looks. */
const VANISHED = ['ENOENT', 'ELOOP', 'ENXIO'];

/** How large the archive of a source is going to be. @throws ArchiveError */
export async function measureBackup(source: BackupSource): Promise<number> {
  let bytes = TAR_END.length;
  for await (const member of backupMembers(source, () => Promise.resolve())) bytes += tarMemberBytes(member);
  return RECORD_BYTES * Math.ceil(bytes / RECORD_BYTES);
}

/**
 * Makes the archive and its hash in one pass and in constant memory. It is on the disk when this resolves.
 *
 * @param note told what is left out, and which files changed while they were read
 * @throws ArchiveError
 */
export async function writeBackup(
  source: BackupSource,
  target: BackupTarget,
  note: LeftOut,
): Promise<BackupArchive> {
  const hash = createHash('sha256');
  const file = await open(target.file, 'wx', target.mode);
  try {
    let size = 0;
    for await (const bytes of inPieces(archiveOf(source, note))) {
      source.signal.throwIfAborted();
      size += bytes.length;
      if (size > target.limitBytes) {
        throw new ArchiveError(`The backup grew beyond the ${target.limitBytes} bytes that are free for it`);
      }
      hash.update(bytes);
      await file.writeFile(bytes);
      await target.onProgress(size);
    }
    await file.chmod(target.mode);
    await file.sync();
    const { blocks } = await file.stat();
    return { diskBytes: 512 * blocks || size, sha256: hash.digest('hex') };
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC') throw error;
    throw new ArchiveError('Cannot write the backup: No space left on device', { cause: error });
  } finally {
    await file.close();
  }
}

async function* archiveOf(source: BackupSource, note: LeftOut): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const member of backupMembers(source, note)) {
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
  note: LeftOut,
): AsyncGenerator<Buffer> {
  const { path } = member;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(directory, path), flags).catch((error: unknown) => {
    if (VANISHED.includes(errnoOf(error) ?? '')) return undefined;
    throw unreadable(path, error);
  });
  try {
    const stats = await file?.stat();
    if (!file || stats?.isFile() !== true) {
      await note(`Left out: "${printable(path)}" has vanished`);
      return;
    }
    const { size: sizeBytes, mode, uid, gid, mtime } = stats;
    const opened = { ...member, mode: mode & 0o7777, uid, gid, mtime, sizeBytes };
    yield* tarMember(opened, exactly(file, path, sizeBytes));
    const after = await file.stat();
    if (after.size !== sizeBytes || after.mtimeMs !== stats.mtimeMs) {
      await note(`"${printable(path)}" changed while it was backed up`);
    }
  } finally {
    await file?.close();
  }
}

/** The first `sizeBytes` of a file; zeros where it has become shorter. */
async function* exactly(file: FileHandle, path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < sizeBytes;) {
    const length = Math.min(READ_BYTES, sizeBytes - position);
    const { buffer, bytesRead } = await file
      .read(Buffer.alloc(length), 0, length, position)
      .catch((error: unknown) => {
        throw unreadable(path, error);
      });
    position += bytesRead || length;
    yield bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
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
