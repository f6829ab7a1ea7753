import { basename } from 'node:path';
import { journalOf, type Paths } from '../config/paths.js';
import { ArchiveError } from '../package/archive-error.js';
import { extractArchive } from '../package/restore-archive.js';
import { freeBytes } from '../system/disk-space.js';
import { exists } from '../system/exists.js';
import { makeDirectory } from '../system/make-directory.js';
import { freePath } from '../system/remove-tree.js';
import {
  attributesList,
  beginTreeChange,
  findTreeChange,
  isTreeChangeOpen,
  stagedTree,
  stageTree,
  type TreeChange,
  type TreePlaces,
} from '../system/tree-change.js';
import { TreeConflict } from '../system/tree-plan.js';
import { archiveFailure, RESERVED_BYTES } from './archive-job.js';
import type { Job, JobContext } from './job.js';

/** Puts the files of an archive in place of those in `/data`, all or none. Used by: POST /api/v1/admin/backup/restore. */
export const restoreJob: Job = {
  name: 'restore',
  title: 'Restore',
  stages: { extract: 10, replace: 60 },
  texts: {
    started: (_type, { data }) => `Restoring backup archive to ${data}`,
    succeeded: () => 'Restore complete',
    failed: () => 'Restore failed',
  },
  status: ({ restoreStatus }) => ({ text: restoreStatus }),
  log: ({ backupLog }) => ({ file: backupLog, mode: 0o644 }),
  inputs: ({ restoreInput }) => ({ archive: restoreInput }),
  staged: ({ restoreInput }) => [restoreInput],
  async run(context) {
    try {
      await restore(context);
      return undefined;
    } catch (error) {
      throw archiveFailure(
        error instanceof TreeConflict ? new ArchiveError(error.message, { cause: error }) : error,
      );
    }
  },
  findChange: (paths) => findTreeChange(placesOf(paths)),
};

async function restore(context: JobContext): Promise<void> {
  const { paths, signal } = context;
  const places = placesOf(paths);
  if (await isTreeChangeOpen(places)) throw new ArchiveError('An earlier restore has not been put back yet');
  if (!(await exists(paths.restoreInput))) throw new ArchiveError('Missing backup archive');
  let change: TreeChange;
  try {
    await extract(context, places);
    change = await beginTreeChange(places);
  } catch (error) {
    // One whose journal is there all the same is found by it.
    if (!(await exists(places.journal))) await freePath(places.directory);
    throw error;
  }
  context.adopt(change);
  await context.stage('replace');
  await change.apply(signal);
}

async function extract({ paths, settings, signal }: JobContext, places: TreePlaces): Promise<void> {
  await makeDirectory(paths.data);
  await stageTree(places);
  await extractArchive({
    archive: paths.restoreInput,
    directory: stagedTree(places),
    attributesList: attributesList(places),
    target: paths.data,
    entryLimit: settings.restoreEntryLimit,
    totalLimitBytes: Math.max(0, (await freeBytes(paths.data)) - RESERVED_BYTES),
    reservedName: basename(paths.restoreDirectory),
    signal,
  });
}

function placesOf(paths: Paths): TreePlaces {
  return { target: paths.data, directory: paths.restoreDirectory, journal: journalOf(paths, 'restore') };
}
