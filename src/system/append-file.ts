import { constants } from 'node:fs';
import { openRegular } from '../core/read-only.js';
import { giveToAdminGroup } from './admin-group.js';
import { openMakingDirectory } from './open-making-directory.js';

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
/** A pipe that nobody reads is not waited for. */
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/**
 * Appends lines to a file in one write; a file that this creates gets exactly `mode`, whatever the umask is. Half a line at
 * its end, of a writer that was killed or found the disk full, is ended first. A missing directory is made.
 */
export async function appendToFile(file: string, text: string, mode: number): Promise<void> {
  const handle = await openMakingDirectory(file, APPEND, mode);
  try {
    const { size } = await handle.stat();
    // Another owner's empty file keeps its mode.
    if (size === 0) {
      await giveToAdminGroup(handle, mode).catch(() => undefined);
      await handle.chmod(mode).catch(() => undefined);
    }
    await handle.appendFile((await endsInHalfLine(file, size)) ? `\n${text}` : text);
  } finally {
    await handle.close();
  }
}

/** Whether the last of the `size` bytes of a file is in the middle of a line; not of one that this process may not read. */
async function endsInHalfLine(file: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  const handle = await openRegular(file).catch(() => undefined);
  try {
    const last = await handle?.read(Buffer.alloc(1), 0, 1, size - 1).catch(() => undefined);
    return last?.bytesRead === 1 && last.buffer.toString('latin1') !== '\n';
  } finally {
    await handle?.close();
  }
}
