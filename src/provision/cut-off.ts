import { stat } from 'node:fs/promises';
import type { Paths } from '../config/paths.js';
import { jobs } from '../jobs/index.js';
import { readTextFile } from '../system/atomic-file.js';
import type { ItemKind } from './items.js';

/*
 * A job goes on without who has started it: where provisioning is killed meanwhile, nobody notes that the item was
 * applied. Its status tells the next run, which must not undo what an administrator has changed since.
 */

/** Changes with every status of the job that applies such an item; always the same where there is no job. */
export async function statusStamp(kind: ItemKind, paths: Paths): Promise<string> {
  const file = statusOf(kind, paths);
  if (file === undefined) return '';
  const { ino, mtimeMs } = await stat(file).catch(() => ({ ino: 0, mtimeMs: 0 }));
  return `${ino}:${mtimeMs}`;
}

/** @param stamp from before the item was applied */
export async function hasSucceededSince(stamp: string, kind: ItemKind, paths: Paths): Promise<boolean> {
  const file = statusOf(kind, paths);
  if (file === undefined || (await statusStamp(kind, paths)) === stamp) return false;
  return (await readTextFile(file))?.trim() === 'success';
}

function statusOf(kind: ItemKind, paths: Paths): string | undefined {
  return kind === 'token' ? undefined : jobs[kind].status(paths).text;
}
