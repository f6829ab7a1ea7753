import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** Compresses, in constant memory; throws what `chunks` throws. */
export async function* gzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const compressed = createGzip();
  // The error reaches the reader, too: a pipeline destroys each of its streams with it.
  pipeline(Readable.from(chunks, { objectMode: false }), compressed, () => undefined);
  yield* compressed as AsyncIterable<Buffer>;
}
