import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { timeJob } from '../jobs.js';
import { writeRandomTree } from '../random-data.js';
import { GIB, MIB, type Scene } from '../scene.js';
import { runShell, settleDisk, timed } from '../shell.js';

const BYTES = GIB;
const FILES = 10_000;

export const restoreOver: Benchmark = {
  name: 'restore-over',
  what: 'restore of 1 GiB in 10,000 files over the same files, checked first, synced',
  peer: '`tar -x`, `sync -f`',
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

async function prepare(scene: Scene, isEmpty: boolean) {
  const bytes = scene.amount(BYTES);
  await scene.requireSpace(7 * bytes);
  const appliance = await createBenchAppliance(scene);
  const { data } = appliance.paths;
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
  const make = async (directory: string) => {
    if (!isEmpty) return;
    await rm(directory, { recursive: true });
    await mkdir(directory);
  };
  const rate = (seconds: number) => bytes / MIB / seconds;
  return {
    product: async () => {
      await make(data);
      return rate(await timeJob(appliance, 'restore', { field: 'archive', file }));
    },
    peer: async () => {
      await make(peerData);
      await settleDisk();
      return rate(await timed(() => runShell(RESTORE, file, peerData)));
    },
  };
}

const RESTORE = 'tar -xf "$1" -C "$2"; sync -f "$2"';
