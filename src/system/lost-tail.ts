import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ignoreMissing } from '../core/errors.js';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** Who appends to it meanwhile loses nothing. */
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_NONBLOCK;

/**
 * Cuts the zero bytes off the end of a log: file systems leave them in place of lines that were not on the disk yet when
 * the power was cut. Half a line before them is ended.
 */
export async function removeLostTail(file: string): Promise<void> {
  const handle = await open(file, APPEND).catch(ignoreMissing);
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    let end = size;
    let isHalfLine = false;
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      const kept = buffer.findLastIndex((byte) => byte !== 0) + 1;
      end = start + kept;
      isHalfLine = kept > 0 && buffer[kept - 1] !== NEWLINE;
      if (kept > 0) break;
    }
    if (end < size) await handle.truncate(end);
    if (isHalfLine) await handle.appendFile('\n');
  } finally {
    await handle.close();
  }
}
