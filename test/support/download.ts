import type { IncomingMessage } from 'node:http';
import type request from 'supertest';

/** Receives the body of an answer as bytes, whatever its type. */
export async function download(call: request.Test) {
  const answer = await call.buffer(true).parse((stream, done) => {
    const chunks: Buffer[] = [];
    (stream as unknown as IncomingMessage)
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => done(null, Buffer.concat(chunks)));
  });
  return {
    status: answer.status,
    headers: answer.headers as Record<string, string>,
    bytes: answer.body as Buffer,
  };
}
