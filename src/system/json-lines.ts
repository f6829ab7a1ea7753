import { open, type FileHandle } from 'node:fs/promises';
import { openRegular } from '../core/read-only.js';

/** A new file with one JSON value a line, for lists that may be longer than memory. */
export interface JsonLines<T> {
  append(value: T): Promise<void>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;
/** Of what is no list of lines, no more than this is held in memory. */
const LINE_LIMIT_BYTES = 1024 * 1024;

export async function createJsonLines<T>(file: string): Promise<JsonLines<T>> {
  const handle = await open(file, 'wx', 0o600);
  let text = '';
  const flush = async () => {
    await handle.appendFile(text);
    text = '';
  };
  return {
    async append(value) {
      text += `${JSON.stringify(value)}\n`;
      if (text.length > CHUNK_BYTES) await flush();
    },
    async close() {
      try {
        await flush();
      } finally {
        await handle.close();
      }
    },
  };
}

/** Unlike `readline`, which also ends lines at U+2028, exactly what was written. */
export async function* readJsonLines<T>(file: string): AsyncGenerator<T> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    let rest: Buffer = Buffer.alloc(0);
    for (let start = 0; start < size; start += CHUNK_BYTES) {
      rest = Buffer.concat([rest, await readAt(handle, start, Math.min(start + CHUNK_BYTES, size))]);
      const whole = rest.lastIndexOf('\n') + 1;
      const lines = rest.toString('utf8', 0, whole).split('\n');
      rest = rest.subarray(whole);
      for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
    }
  } finally {
    await handle.close();
  }
}

/**
 * From the last line to the first, what can be read of a list that may be damaged: undefined for a line that is no JSON.
 *
 * @throws UnusableFile, or the system error
 */
export async function* readJsonLinesBackwards(file: string): AsyncGenerator {
  const handle = await openRegular(file);
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let end = (await handle.stat()).size; end > 0; end -= CHUNK_BYTES) {
      rest = Buffer.concat([await readAt(handle, Math.max(0, end - CHUNK_BYTES), end), rest]);
      const whole = end <= CHUNK_BYTES ? 0 : rest.indexOf('\n') + 1;
      if (whole === 0 && end > CHUNK_BYTES) {
        if (rest.length < LINE_LIMIT_BYTES) continue;
        rest = Buffer.alloc(0);
        yield undefined;
        continue;
      }
      const lines = rest.toString('utf8', whole).split('\n').reverse();
      rest = rest.subarray(0, whole);
      for (const line of lines) if (line !== '') yield parse(line);
    }
  } finally {
    await handle.close();
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function readAt(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}
