import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { requireRegular, UnusableFile } from '../core/read-only.js';

/** This process may be root where others may put a link. */
const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
const NOT_ALONE = 'Has another name, too';

/**
 * Writes a text over what a file holds: that takes no space as long as it fits into the blocks that the file has. Lines are added
 * before and cut off after it: a reader, or a power cut, in between meets the old text or the new one with empty lines after it.
 *
 * @throws UnusableFile for anything else than a file of one name, and the system error where it cannot be written
 */
export async function overwriteFile(file: string, text: string): Promise<void> {
  const handle = await open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await handle.stat();
    requireRegular(file, stats);
    if (stats.nlink > 1) throw new UnusableFile(NOT_ALONE, file);
    const content = Buffer.from(text);
    if (content.length > stats.size) {
      await writeAt(handle, stats.size, lines(content.length - stats.size));
      await handle.sync();
    }
    await writeAt(handle, 0, Buffer.concat([content, lines(Math.max(0, stats.size - content.length))]));
    await handle.truncate(content.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function lines(count: number): Buffer {
  return Buffer.alloc(count, '\n');
}

async function writeAt(handle: FileHandle, position: number, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, position);
  // Only a disk that is full writes a part of so little.
  if (bytesWritten < bytes.length) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
}
