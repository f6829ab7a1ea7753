import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ignoreMissing } from '../core/errors.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Cuts the zero bytes off the end of a log: file systems leave them in place of lines that were not on the disk yet when
 * the power was cut.
 */
export async function removeLostTail(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_NONBLOCK).catch(ignoreMissing);
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    let end = size;
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      const kept = buffer.findLastIndex((byte) => byte !== 0) + 1;
      end = start + kept;
      if (kept > 0) break;
    }
    if (end < size) await handle.truncate(end);
  } finally {
    await handle.close();
  }
}
