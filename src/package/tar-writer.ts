import { Header } from 'tar/header';
import { FatalError } from '../core/errors.js';
import { printable } from './printable.js';
import { TAR_BLOCK_BYTES } from './tar-header.js';

export interface TarMember {
  /** Relative; a directory's ends in a slash. */
  readonly path: string;
  readonly type: 'File' | 'Directory' | 'SymbolicLink' | 'Link';
  readonly mode: number;
  /** One that is no date, as of a file whose time is out of its range, is packed as 1970. */
  readonly mtime: Date;
  /** 0 for all but a file. */
  readonly sizeBytes: number;
  /** Where a link leads; of a hard link the path of an earlier member. */
  readonly linkpath?: string;
  /** Default: root. */
  readonly uid?: number;
  readonly gid?: number;
}

/** What follows the last member of a tar. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK_BYTES);

/**
 * A member as it stands in a tar: ustar, with GNU's headers for names that are too long for it and GNU's form of numbers
 * over 8 GiB, which more programs read than pax (busybox passes over a pax name).
 *
 * @throws FatalError when `body` is not exactly `sizeBytes` long
 */
export async function* tarMember(
  member: TarMember,
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield* headersOf(member);
  let left = member.sizeBytes;
  for await (const chunk of body) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw new FatalError(`"${printable(member.path)}" changed while it was packed`);
  const padding = -member.sizeBytes % TAR_BLOCK_BYTES;
  if (padding !== 0) yield Buffer.alloc(TAR_BLOCK_BYTES + padding);
}

/** How long a member becomes in a tar. */
export function tarMemberBytes(member: TarMember): number {
  let bytes = TAR_BLOCK_BYTES * Math.ceil(member.sizeBytes / TAR_BLOCK_BYTES);
  for (const block of headersOf(member)) bytes += block.length;
  return bytes;
}

function* headersOf({ path, linkpath, type, ...member }: TarMember): Generator<Buffer> {
  const { mode, mtime, sizeBytes: size, uid = 0, gid = 0 } = member;
  const wholeSeconds = new Date(1000 * Math.floor((mtime.getTime() || 0) / 1000));
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const link = linkpath === undefined ? {} : { linkpath };
  new Header({ path, type, mode, mtime: wholeSeconds, size, uid, gid, ...link }).encode(block);
  const written = new Header(block);
  if (linkpath !== undefined && written.linkpath !== linkpath)
    yield longName('NextFileHasLongLinkpath', linkpath);
  if (withoutSlash(written.path) !== withoutSlash(path)) yield longName('NextFileHasLongPath', path);
  yield block;
}

function longName(type: 'NextFileHasLongPath' | 'NextFileHasLongLinkpath', name: string): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  new Header({ path: '././@LongLink', type, mode: 0o644, size: bytes.length, uid: 0, gid: 0 }).encode(header);
  return Buffer.concat([header, bytes], TAR_BLOCK_BYTES * (1 + Math.ceil(bytes.length / TAR_BLOCK_BYTES)));
}

function withoutSlash(path: string | undefined): string | undefined {
  return path?.replace(/\/$/, '');
}
