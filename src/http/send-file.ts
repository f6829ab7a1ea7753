import type { Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { AdminError, errnoOf } from '../core/errors.js';
import { READ_ONLY } from '../core/read-only.js';
import { parseRange, type ByteRange } from './byte-range.js';
import type { FileReply } from './reply.js';

/**
 * Sends a file as it was when it was opened: one that replaces it meanwhile does not mix with it, and of one that
 * grows no more is sent than was announced; with one that is cut the connection ends. One that is resumable can be sent in
 * part.
 *
 * @throws AdminError `notFound` when it is missing, `rangeNotSatisfiable` for a range beyond its end; the system error when
 *   it cannot be read
 */
export async function sendFile(request: Request, response: Response, reply: FileReply): Promise<void> {
  const handle = await openIfPresent(reply.path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new AdminError('notFound', '');
    // Before anything is said of it: what cannot be read is an error, and no download that breaks off.
    if (stats.size > 0) await handle.read(Buffer.alloc(1), 0, 1, 0);
    response.setHeader('Last-Modified', stats.mtime.toUTCString());
    const range = reply.isResumable === true ? offerRanges(request, response, stats) : undefined;
    if (reply.filename !== undefined)
      response.setHeader('Content-Disposition', `attachment; filename="${reply.filename}"`);
    response.setHeader('Content-Type', reply.contentType);
    await sendBytes(request, response, handle, range ?? { first: 0, last: stats.size - 1 });
  } finally {
    await handle.close();
  }
}

function offerRanges(request: Request, response: Response, stats: Stats): ByteRange | undefined {
  const etag = `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${Math.floor(stats.mtimeMs).toString(36)}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  const condition = request.headers['if-range'];
  // RFC 9110, 13.1.5: without a match the whole is sent.
  const isSame =
    condition === undefined || [etag, response.getHeader('Last-Modified')].includes(String(condition));
  if (!isSame || request.method !== 'GET' || stats.size === 0) return undefined;
  const range = parseRange(request.headers.range, stats.size);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${stats.size}`);
    throw new AdminError('rangeNotSatisfiable', `The file has only ${stats.size} bytes`);
  }
  if (!range) return undefined;
  response.statusCode = 206;
  response.setHeader('Content-Range', `bytes ${range.first}-${range.last}/${stats.size}`);
  return range;
}

async function sendBytes(
  request: Request,
  response: Response,
  handle: FileHandle,
  { first, last }: ByteRange,
): Promise<void> {
  const sizeBytes = last - first + 1;
  response.setHeader('Content-Length', sizeBytes);
  if (request.method === 'HEAD' || last < first) {
    response.end();
    return;
  }
  const bytes = handle.createReadStream({
    start: first,
    end: last,
    autoClose: false,
    highWaterMark: 256 * 1024,
  });
  await pipeline(bytes, (chunks) => whole(chunks, sizeBytes), response).catch((error: unknown) => {
    if (!response.closed) throw error;
  });
}

/** @throws when there are fewer bytes: the answer is broken off then, so that its client does not wait for the rest */
async function* whole(chunks: AsyncIterable<Buffer>, sizeBytes: number): AsyncGenerator<Buffer> {
  let left = sizeBytes;
  for await (const chunk of chunks) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) throw new Error('the file became shorter while it was sent');
}

async function openIfPresent(path: string): Promise<FileHandle> {
  try {
    return await open(path, READ_ONLY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new AdminError('notFound', '');
    throw error;
  }
}
