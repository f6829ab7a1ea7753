import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { timeJob } from '../jobs.js';
import { writeRandomTree } from '../random-data.js';
import { GIB, MIB } from '../scene.js';
import { runShell, settleDisk, timed } from '../shell.js';

const BYTES = GIB;
const FILES = 10_000;

export const backup: Benchmark = {
  name: 'backup',
  what: 'backup of 1 GiB in 10,000 files, with SHA-256, archive synced',
  peer: '`tar -c`, `sync` of the archive, `sha256sum`',
  unit: 'MiB/s',
  goal: { atLeast: 1 },
  async prepare(scene) {
    const bytes = scene.amount(BYTES);
    await scene.requireSpace(4 * bytes);
    const appliance = await createBenchAppliance(scene);
    const { paths, write } = appliance;
    await write(paths.backupList, 'files\n');
    await writeRandomTree(join(paths.data, 'files'), scene.amount(FILES), bytes);
    const archive = join(scene.directory, 'backup.tar');
    const rate = (seconds: number) => bytes / MIB / seconds;
    const peer = async () => {
      await rm(archive, { force: true });
      await settleDisk();
      return timed(() => runShell(BACKUP, paths.data, archive));
    };
    // Both read the files from memory, also the first time.
    await peer();
    return {
      product: async () => {
        await rm(paths.backupArchive, { force: true });
        return rate(await timeJob(appliance, 'backup'));
      },
      peer: async () => rate(await peer()),
    };
  },
};

const BACKUP = 'tar -cf "$2" -C "$1" files; sync "$2"; sha256sum "$2"';
