import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark } from '../benchmark.js';
import type { Contest } from '../contest.js';
import { jobContest } from '../job-contest.js';
import { writeRandomTree } from '../random-data.js';
import { GIB, type Scene } from '../scene.js';
import { runShell } from '../shell.js';

const FILES = 10_000;

export const restoreOver: Benchmark = {
  name: 'restore-over',
  what: 'restore of 1 GiB in 10,000 files over the same files, checked first, synced',
  peer: '`tar -x`, `sync -f` as admind does',
  unit: 'MiB/s',
  goal: { atLeast: 0.7 },
  prepare: (scene) => prepare(scene, false),
};

export const restoreEmpty: Benchmark = {
  ...restoreOver,
  name: 'restore-empty',
  what: 'the same into an empty directory',
  prepare: (scene) => prepare(scene, true),
};

function prepare(scene: Scene, isEmpty: boolean): Promise<Contest> {
  const bytes = scene.amount(GIB);
  return jobContest(scene, { bytes, copies: 7 }, async ({ paths: { data } }) => {
    const peerData = join(scene.directory, 'data');
    const source = join(scene.directory, 'source');
    const file = join(scene.directory, 'backup.tar');
    await writeRandomTree(join(source, 'files'), scene.amount(FILES), bytes);
    await runShell('tar -cf "$2" -C "$1" files', source, file);
    await rm(source, { recursive: true });
    for (const directory of [data, peerData]) {
      await mkdir(directory, { recursive: true });
      if (!isEmpty) await runShell(RESTORE, file, directory);
    }
    const made = isEmpty ? [join(data, 'files'), join(peerData, 'files')] : [];
    return { job: 'restore', input: { field: 'archive', file }, shell: [RESTORE, file, peerData], made };
  });
}

const RESTORE = 'tar -xf "$1" -C "$2"; sync -f "$2"';
