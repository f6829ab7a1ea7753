import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { giveToAdminGroup } from './admin-group.js';

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
/** A pipe that nobody reads is not waited for. */
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/** Appends to a file in one write; a file that this creates gets exactly `mode`, whatever the umask is. */
export async function appendToFile(file: string, text: string, mode: number): Promise<void> {
  const handle = await open(file, APPEND, mode);
  try {
    // Another owner's empty file keeps its mode.
    if ((await handle.stat()).size === 0) {
      await giveToAdminGroup(handle, mode).catch(() => undefined);
      await handle.chmod(mode).catch(() => undefined);
    }
    await handle.appendFile(text);
  } finally {
    await handle.close();
  }
}
