import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { repeatUntilDone } from '../core/repeat.js';
import { currentScope, identify, isAlive } from '../system/processes.js';
import { removeTree } from '../system/remove-tree.js';

const REMOVE_AGAIN_MS = 1_000;
const NAME = /^\.upload-(\d+)-(\d*)-([0-9a-f-]*)-[0-9a-f]+$/;

/** A directory for the files of one request; its name tells a later daemon whether this process is still alive. */
export async function createUploadDirectory(uploads: string, requestId: string): Promise<string> {
  const { pid, startTicks = '' } = identify(process.pid);
  const directory = join(uploads, `.upload-${pid}-${startTicks}-${currentScope().bootId}-${requestId}`);
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

/** What cannot be removed now is removed as soon as it can be, at the latest by the daemon that starts next. */
export async function removeUploadDirectory(directory: string): Promise<void> {
  const remove = () => removeTree(directory);
  await remove().catch(() => repeatUntilDone(REMOVE_AGAIN_MS, remove));
}

/**
 * Removes what a daemon, or an SSH command, that was killed had received so far, each as {@link removeUploadDirectory} does. As
 * root, too, in directories that others may write to.
 */
export async function removeAbandonedUploads(uploads: string): Promise<void> {
  for (const name of await readdir(uploads)) {
    if (name.startsWith('.upload-') && !isInUse(name)) await removeUploadDirectory(join(uploads, name));
  }
}

function isInUse(name: string): boolean {
  const [, pid, startTicks, bootId] = NAME.exec(name) ?? [];
  if (bootId !== currentScope().bootId) return false;
  return isAlive({ pid: Number(pid), startTicks: startTicks === '' ? undefined : Number(startTicks) });
}
