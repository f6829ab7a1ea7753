import { join } from 'node:path';
import type { Benchmark } from '../benchmark.js';
import { jobContest } from '../job-contest.js';
import { writeRandomTree } from '../random-data.js';
import { GIB } from '../scene.js';
import { runShell } from '../shell.js';

const FILES = 10_000;

export const backup: Benchmark = {
  name: 'backup',
  what: 'backup of 1 GiB in 10,000 files, with SHA-256, archive synced',
  peer: '`tar -c`, `sync` of the archive as admind does, `sha256sum`',
  unit: 'MiB/s',
  goal: { atLeast: 1 },
  prepare(scene) {
    const bytes = scene.amount(GIB);
    return jobContest(scene, { bytes, copies: 4 }, async ({ paths, write }) => {
      const archive = join(scene.directory, 'backup.tar');
      await write(paths.backupList, 'files\n');
      await writeRandomTree(join(paths.data, 'files'), scene.amount(FILES), bytes);
      // Both read the files from memory, also the first time.
      await runShell('tar -c "$1" | wc -c', paths.data);
      return { job: 'backup', shell: [BACKUP, paths.data, archive], made: [paths.backupArchive, archive] };
    });
  },
};

const BACKUP = 'tar -cf "$2" -C "$1" files; sync "$2"; sha256sum "$2"';
