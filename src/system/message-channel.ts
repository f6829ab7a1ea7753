import type { Readable, Writable } from 'node:stream';

/** JSON values, one a line, both ways between two processes. */
export interface MessageChannel {
  /**
   * The next message; undefined once the other side has hung up.
   *
   * @throws Error for a line that is too long, or no JSON: nothing more can be understood then
   */
  receive(): Promise<unknown>;
  /** Resolves when the message has left, also when nobody is there any more to receive it. */
  send(message: unknown): Promise<void>;
}

export interface MessageChannelParts {
  readonly input: Readable;
  readonly output: Writable;
  readonly lineLimitBytes: number;
}

export function openMessageChannel({ input, output, lineLimitBytes }: MessageChannelParts): MessageChannel {
  const lines = readLines(input, lineLimitBytes);
  // The other side may be gone at any time; that is seen by whoever receives.
  output.on('error', () => undefined);
  return {
    async receive() {
      const line = await lines.next();
      return line.done === true ? undefined : (JSON.parse(line.value) as unknown);
    },
    send: (message) =>
      new Promise((resolve) => {
        if (!output.writable) resolve();
        else output.write(`${JSON.stringify(message)}\n`, () => resolve());
      }),
  };
}

async function* readLines(input: Readable, limitBytes: number): AsyncGenerator<string, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
        if (end > limitBytes) break;
        yield rest.toString('utf8', 0, end);
        rest = rest.subarray(end + 1);
      }
      if (rest.length > limitBytes) throw new LineTooLong(`a message is longer than ${limitBytes} bytes`);
    }
  } catch (error) {
    // A connection that was reset has ended as well.
    if (error instanceof LineTooLong) throw error;
  }
  return undefined;
}

const NEWLINE = 0x0a;

class LineTooLong extends Error {}
