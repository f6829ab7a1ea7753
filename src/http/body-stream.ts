import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { AdminError } from '../core/errors.js';

/** The body went over the limit. */
export function bodyTooLarge(limitBytes: number): AdminError {
  return new AdminError('tooLarge', `Request body too large. Allowed: at most ${limitBytes} bytes`);
}

/**
 * A request's body as a stream of its own, with a size limit. Ending it early leaves the request itself open, so that
 * an answer can still be sent; a client that goes away destroys it.
 */
export class BodyStream extends Transform {
  readonly headers: IncomingHttpHeaders;
  private received = 0;

  constructor(
    request: IncomingMessage,
    private readonly limitBytes: number,
  ) {
    super();
    this.headers = request.headers;
    const cutOff = () => {
      if (!request.readableEnded) this.destroy(new AdminError('badRequest', 'The upload was cut off'));
    };
    request.once('close', cutOff).once('error', cutOff);
    // Gone before this: what the client had sent is lost, and nothing more is going to happen to the request.
    if (request.destroyed) setImmediate(cutOff);
    this.once('close', () => request.unpipe(this));
    // A reader that has given the form up for a fault of its own listens no more.
    this.on('error', () => undefined);
    request.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.limitBytes) callback(bodyTooLarge(this.limitBytes));
    else callback(null, chunk);
  }
}
