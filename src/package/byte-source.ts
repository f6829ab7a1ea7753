/** Bytes to be taken as they are needed, however the source cuts them. */
export interface ByteSource {
  /** At least one byte and at most `mostBytes`, which is not 0; undefined at the end. */
  take(mostBytes: number): Promise<Buffer | undefined>;
  /** Exactly `bytes`, or as many as there are. */
  takeAll(bytes: number): Promise<Buffer>;
  /** Lets the source clean up; nothing may be taken after that. */
  close(): Promise<void>;
}

export function createByteSource(source: AsyncIterable<Buffer>): ByteSource {
  const iterator = source[Symbol.asyncIterator]();
  let waiting: Buffer = Buffer.alloc(0);

  const take: ByteSource['take'] = async (mostBytes) => {
    while (waiting.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      waiting = next.value;
    }
    const taken = waiting.subarray(0, mostBytes);
    waiting = waiting.subarray(taken.length);
    return taken;
  };

  return {
    take,
    async takeAll(bytes) {
      const parts: Buffer[] = [];
      for (let left = bytes; left > 0; left -= parts.at(-1)?.length ?? 0) {
        const part = await take(left);
        if (!part) break;
        parts.push(part);
      }
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    },
    async close() {
      await iterator.return?.();
    },
  };
}
