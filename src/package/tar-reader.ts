import type { HeaderData } from 'tar';
import { Header } from 'tar/header';
import { createByteSource, type ByteSource } from './byte-source.js';
import { TarFormatError } from './tar-format-error.js';
import { isTarHeader, TAR_BLOCK_BYTES } from './tar-header.js';
import { createTarMetadata, isTarMetadata, METADATA_LIMIT_BYTES, type TarMetadata } from './tar-metadata.js';

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
  /** To be read, as far as it is wanted, before the visit ends. */
  readonly body: AsyncIterable<Buffer>;
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const SKIP_BYTES = 1024 * 1024;
const SIZE_START = 124;
const SIZE_END = 136;
/** The first byte of a number that is not negative. */
const GNU_NUMBER = 0x80;
const ID_LIMIT = 2 ** 32;
const ZEROS = Buffer.alloc(TAR_BLOCK_BYTES);

/**
 * Reads an uncompressed tar, strictly, in constant memory: ustar, pax, GNU. Entries are visited one after the other;
 * what a visit leaves of a body is skipped. All of `source` is consumed, also what follows the end of the archive.
 *
 * @param options.isPadded nothing but zeros may follow the end
 * @throws TarFormatError at anything malformed or cut off; what `source` or `visit` throws
 */
export async function readTar(
  source: AsyncIterable<Buffer>,
  visit: (entry: TarEntry) => Promise<void>,
  options: { readonly isPadded?: boolean } = {},
): Promise<void> {
  const input = createByteSource(source);
  try {
    await readEntries(input, visit);
    await readRest(input, options.isPadded ?? false);
  } finally {
    await input.close();
  }
}

async function readEntries(input: ByteSource, visit: (entry: TarEntry) => Promise<void>): Promise<void> {
  const metadata = createTarMetadata();
  let isEmpty = true;
  for (;;) {
    const block = await readBlock(input, isEmpty);
    if (block.equals(ZEROS)) break;
    isEmpty = false;
    const header = readHeader(block, metadata);
    const { type } = header;
    const sizeBytes = sizeOf(header, block, metadata);
    if (isTarMetadata(type)) {
      if (sizeBytes > METADATA_LIMIT_BYTES) throw new TarFormatError('an extended header is too long');
      const content = await input.takeAll(sizeBytes);
      if (content.length < sizeBytes) throw cutOff('an extended header');
      metadata.add(type, content);
    } else {
      await visitEntry(input, header, sizeBytes, visit);
      metadata.forgetEntry();
    }
    await skip(input, -sizeBytes & (TAR_BLOCK_BYTES - 1));
  }
  if (isEmpty) throw new TarFormatError('it holds nothing');
}

async function readBlock(input: ByteSource, isFirst: boolean): Promise<Buffer> {
  const block = await input.takeAll(TAR_BLOCK_BYTES);
  if (isFirst && block.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    throw new TarFormatError('it is compressed');
  }
  if (block.length === TAR_BLOCK_BYTES) return block;
  throw block.length === 0
    ? new TarFormatError('it is cut off: the end-of-archive marker is missing')
    : cutOff('a block');
}

function readHeader(block: Buffer, { extended, global }: TarMetadata): Header {
  if (!isTarHeader(block)) throw new TarFormatError('checksum failure');
  const header = decode(block, extended, global);
  // The decoder puts the plain header's prefix before a long name, and its cut-off link in place of a long one.
  if (extended?.path !== undefined) header.path = extended.path;
  if (extended?.linkpath !== undefined) header.linkpath = extended.linkpath;
  if (!header.path) throw new TarFormatError('an entry has no name');
  if (/^(Symbolic)?Link$/.test(header.type) && !header.linkpath) {
    throw new TarFormatError('a link leads nowhere');
  }
  if (![header.uid, header.gid].every(isId)) throw new TarFormatError('an entry has an impossible owner');
  return header;
}

/** Old programs leave the field empty. */
function isId(id: number | undefined): boolean {
  return id === undefined || (Number.isInteger(id) && id >= 0 && id < ID_LIMIT);
}

function decode(block: Buffer, extended?: HeaderData, global?: HeaderData): Header {
  try {
    return new Header(block, 0, extended, global);
  } catch (error) {
    throw new TarFormatError('an entry states an impossible number', { cause: error });
  }
}

function sizeOf({ size = 0, type }: Header, block: Buffer, { extended }: TarMetadata): number {
  const isStatedBefore = extended?.size !== undefined && !isTarMetadata(type);
  if ((!isStatedBefore && !isNumber(block)) || !Number.isSafeInteger(size) || size < 0) {
    throw new TarFormatError('an entry has an impossible size');
  }
  return size;
}

/** Whether a plain header states a size: octal digits, or GNU's form. The decoder takes what else is there for 0. */
function isNumber(block: Buffer): boolean {
  if (block[SIZE_START] === GNU_NUMBER) return true;
  return /^ *[0-7]*(?:[ \0]|$)/.test(block.toString('latin1', SIZE_START, SIZE_END));
}

async function visitEntry(
  input: ByteSource,
  header: Header,
  sizeBytes: number,
  visit: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const { path = '', type, mode = 0, mtime, uid, gid, linkpath } = header;
  let left = sizeBytes;
  const body = async function* () {
    while (left > 0) {
      const part = await input.take(left);
      if (!part) throw cutOff('an entry');
      left -= part.length;
      yield part;
    }
  };
  await visit({ path, type, sizeBytes, mode: mode & 0o7777, mtime, uid, gid, linkpath, body: body() });
  await skip(input, left);
}

async function skip(input: ByteSource, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const part = await input.take(Math.min(left, SKIP_BYTES));
    if (!part) throw cutOff('an entry');
    left -= part.length;
  }
}

async function readRest(input: ByteSource, isPadded: boolean): Promise<void> {
  for (;;) {
    const part = await input.take(TAR_BLOCK_BYTES * 128);
    if (!part) return;
    if (isPadded && !isZero(part)) throw new TarFormatError('something follows its end');
  }
}

function isZero(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const part = bytes.subarray(start, start + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}

function cutOff(where: string): TarFormatError {
  return new TarFormatError(`it is cut off inside ${where}`);
}
