import { stat } from 'node:fs/promises';
import { isFirstRunPending, readApiToken } from '../appliance/api-token.js';
import type { Paths } from '../config/paths.js';
import { jobs } from '../jobs/index.js';
import { readTextFile } from '../system/atomic-file.js';
import type { ItemKind } from './items.js';

/*
 * A job goes on without who has started it, and a token is set before that is noted: where provisioning is killed
 * meanwhile, nobody notes that the item was applied. The status of the job, or the token itself, tells the next run, which
 * must not undo what an administrator has changed since.
 */

/** Changes with every status of the job that applies such an item, or with the token. */
export async function stampOf(kind: ItemKind, paths: Paths): Promise<string> {
  const { ino, mtimeMs } = await stat(resultOf(kind, paths)).catch(() => ({ ino: 0, mtimeMs: 0 }));
  return `${ino}:${mtimeMs}`;
}

/** @param stamp from before the item was applied */
export async function hasSucceededSince(stamp: string, kind: ItemKind, paths: Paths): Promise<boolean> {
  if ((await stampOf(kind, paths)) === stamp) return false;
  // A passphrase is nobody's choice: it protects the first set-up until there is a token.
  if (kind === 'token') return readApiToken(paths).state === 'set' && !isFirstRunPending(paths);
  return (await readTextFile(resultOf(kind, paths)))?.trim() === 'success';
}

function resultOf(kind: ItemKind, paths: Paths): string {
  return kind === 'token' ? paths.apiToken : (jobs[kind].status(paths).text ?? '');
}
