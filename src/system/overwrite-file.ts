import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { requireRegular, UnusableFile } from '../core/read-only.js';

/** This process may be root where others may put a link. */
const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
const NOT_ALONE = 'Has another name, too';

/**
 * Writes a text over what a file holds: that takes no space where the file is as long. A reader, or a power cut, in the middle
 * meets the new text, at most with empty lines after it.
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
    const rest = Buffer.alloc(Math.max(0, stats.size - content.length), '\n');
    await handle.write(Buffer.concat([content, rest]), 0, undefined, 0);
    await handle.truncate(content.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
