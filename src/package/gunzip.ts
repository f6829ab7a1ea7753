import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TarFormatError } from './tar-format-error.js';

const READ_BYTES = 1024 * 1024;

/**
 * The decompressed bytes of a file.
 *
 * @param onRead is told how many there were so far, before they are handed on
 * @throws TarFormatError for a file that is no gzip, is cut off or damaged
 */
export async function* gunzip(file: string, onRead: (totalBytes: number) => void): AsyncGenerator<Buffer> {
  const decompressed = createGunzip({ chunkSize: 64 * 1024 });
  pipeline(createReadStream(file, { highWaterMark: READ_BYTES }), decompressed, () => undefined);
  let totalBytes = 0;
  try {
    for await (const chunk of decompressed as AsyncIterable<Buffer>) {
      onRead((totalBytes += chunk.length));
      yield chunk;
    }
  } catch (error) {
    throw describeZlibError(error);
  }
}

function describeZlibError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error))
    return error;
  if (typeof error.code !== 'string' || !error.code.startsWith('Z_')) return error;
  return new TarFormatError(`gzip: ${String(error.message)}`, { cause: error });
}
