import { once } from 'node:events';
import { Parser, type ReadEntry } from 'tar';
import { TAR_BLOCK_BYTES } from './tar-header.js';
import { checkTarMetadata } from './tar-metadata.js';
import { TarFormatError } from './tar-format-error.js';

export interface TarEntry {
  /** As stored: not checked, not normalised. */
  readonly path: string;
  /** `File`, `Directory`, or the name of what it is instead (`SymbolicLink`, `CharacterDevice`, …). */
  readonly type: string;
  readonly sizeBytes: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly mtime: Date | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** As stored: where a link leads. */
  readonly linkpath: string | undefined;
  readonly body: AsyncIterable<Buffer>;
}

/** Of one pax or GNU header: a path of 4096 bytes and extended attributes. */
const METADATA_LIMIT_BYTES = 128 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * Reads an uncompressed tar, strictly, in constant memory. Entries are visited one after the other; what a visit
 * leaves of a body is skipped. All of `source` is consumed, also what follows the end of the archive.
 *
 * @param options.isPadded nothing but zeros may follow the end
 * @throws TarFormatError at anything malformed or cut off; what `source` or `visit` throws. No visit is running
 *   any more by then.
 */
export async function readTar(
  source: AsyncIterable<Buffer>,
  visit: (entry: TarEntry) => Promise<void>,
  options: { readonly isPadded?: boolean } = {},
): Promise<void> {
  const archive = openParser(visit, options.isPadded ?? false);
  try {
    let isFirst = true;
    for await (const blocks of wholeBlocks(source)) {
      if (isFirst) refuseCompression(blocks);
      isFirst = false;
      for (const part of splitAfterZeros(blocks)) await archive.write(part);
    }
    await archive.end();
  } catch (error) {
    throw await archive.abandon(error);
  }
}

function openParser(visit: (entry: TarEntry) => Promise<void>, isPadded: boolean) {
  const parser = new Parser({ strict: true, zstd: false, maxMetaEntrySize: METADATA_LIMIT_BYTES });
  let failure: Error | undefined;
  let current: ReadEntry | undefined;
  let visits = Promise.resolve();
  let sawZeroBlock = false;
  let sawEnd = false;

  parser.on('error', (error: Error) => (failure ??= describe(error)));
  parser.on('nullBlock', () => (sawZeroBlock = true));
  parser.on('eof', () => (sawEnd = true));
  parser.on('meta', (metadata: string) => reportTo(parser, () => checkTarMetadata(metadata)));
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    if (entry.meta) parser.emit('error', new TarFormatError('an extended header is too long'));
    else parser.emit('entry', entry);
  });
  parser.on('entry', (entry: ReadEntry) => {
    visits = visits.then(async () => {
      if (failure !== undefined) return;
      current = entry;
      await visit(describeEntry(entry));
      entry.resume();
    });
    visits.catch((error: unknown) => parser.emit('error', error));
  });

  return {
    /** Resolves when more may be written. */
    async write(blocks: Buffer): Promise<void> {
      // The parser would keep everything that follows the end of the archive in memory.
      if (sawEnd) {
        if (isPadded && !isZero(blocks)) throw new TarFormatError('something follows its end');
        return;
      }
      if (blocks.length % TAR_BLOCK_BYTES !== 0) throw new TarFormatError('it is cut off inside a block');
      const isReady = parser.write(blocks);
      if (failure !== undefined) throw failure;
      if (!isReady) await once(parser, 'drain');
    },
    async end(): Promise<void> {
      const ended = once(parser, 'end');
      parser.end();
      await ended;
      await visits;
      if (failure !== undefined) throw failure;
      if (!sawZeroBlock) throw new TarFormatError('it is cut off: the end-of-archive marker is missing');
    },
    /** Ends the running visit and returns the first failure. */
    async abandon(error: unknown): Promise<unknown> {
      const first = failure ?? error;
      failure ??= new Error('abandoned');
      current?.end();
      await visits.catch(() => undefined);
      return first;
    },
  };
}

function describeEntry(entry: ReadEntry): TarEntry {
  const { path, type, size, mode, mtime, uid, gid, linkpath } = entry;
  if (
    !Number.isSafeInteger(size) ||
    entry.startBlockSize !== TAR_BLOCK_BYTES * Math.ceil(size / TAR_BLOCK_BYTES)
  ) {
    throw new TarFormatError('an entry states two different sizes');
  }
  const body = entry as AsyncIterable<Buffer>;
  return { path, type, sizeBytes: size, mode: mode ?? 0, mtime, uid, gid, linkpath, body };
}

function reportTo(parser: Parser, check: () => void): void {
  try {
    check();
  } catch (error) {
    parser.emit('error', error);
  }
}

/** The parser's own errors read `TAR_ENTRY_INVALID: checksum failure`. */
function describe(error: Error): Error {
  if (!('tarCode' in error)) return error;
  return new TarFormatError(error.message.replace(/^TAR_\w+: /, ''), { cause: error });
}

function refuseCompression(blocks: Buffer): void {
  // The parser would decompress it on its own, past every limit.
  if (blocks.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) throw new TarFormatError('it is compressed');
}

const ZEROS = Buffer.alloc(64 * 1024);

/** So that the end of the archive, two blocks of zeros, has nothing but zeros after it in its part. */
function* splitAfterZeros(blocks: Buffer): Generator<Buffer> {
  let start = 0;
  let wasZero = false;
  for (let position = 0; position < blocks.length; position += TAR_BLOCK_BYTES) {
    const isZeroBlock =
      blocks[position] === 0 && isZero(blocks.subarray(position, position + TAR_BLOCK_BYTES));
    if (wasZero && !isZeroBlock) {
      yield blocks.subarray(start, position);
      start = position;
    }
    wasZero = isZeroBlock;
  }
  yield blocks.subarray(start);
}

function isZero(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const part = bytes.subarray(start, start + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}

/** The same bytes in multiples of a block; only the last piece can be a part of one. */
async function* wholeBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const wholeBytes = bytes.length - (bytes.length % TAR_BLOCK_BYTES);
    if (wholeBytes > 0) yield bytes.subarray(0, wholeBytes);
    rest = bytes.subarray(wholeBytes);
  }
  if (rest.length > 0) yield rest;
}
