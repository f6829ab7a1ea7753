import { Header, Pax } from 'tar';
import { FatalError } from '../core/errors.js';
import { printable } from './printable.js';
import { TAR_BLOCK_BYTES } from './tar-header.js';

export interface TarMember {
  /** Relative; a directory's ends in a slash. */
  readonly path: string;
  readonly type: 'File' | 'Directory' | 'SymbolicLink';
  /** What a symbolic link points to. */
  readonly linkpath?: string;
  readonly mode: number;
  readonly mtime: Date;
  readonly sizeBytes: number;
}

/** What follows the last member of a tar. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK_BYTES);

/**
 * A member as it stands in a tar: ustar, with a pax header where a name or the size (over 8 GiB) needs one; owned by
 * root.
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

function* headersOf({ path, linkpath, type, mode, mtime, sizeBytes }: TarMember): Generator<Buffer> {
  const wholeSeconds = new Date(1000 * Math.floor(mtime.getTime() / 1000));
  const link = linkpath === undefined ? {} : { linkpath };
  const data = { path, ...link, type, mode, mtime: wholeSeconds, size: sizeBytes, uid: 0, gid: 0 };
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const needsPax = new Header(data).encode(block);
  if (needsPax) yield new Pax({ path, ...link, size: sizeBytes }).encode();
  yield block;
}
