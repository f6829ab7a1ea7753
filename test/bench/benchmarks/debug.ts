import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Benchmark } from '../benchmark.js';
import { jobContest } from '../job-contest.js';
import { writeLogFile } from '../random-data.js';
import { MIB } from '../scene.js';

const BYTES = 500 * MIB;
const FILES = 10;

export const debugBundle: Benchmark = {
  name: 'debug',
  what: 'debug bundle of 500 MB of logs, synced',
  peer: 'the same by shell: `tar | gzip | openssl`, `sync` of the bundle as admind does',
  unit: 'MiB/s',
  goal: { atLeast: 1 },
  prepare(scene) {
    const bytes = scene.amount(BYTES);
    return jobContest(scene, { bytes, copies: 4 }, async ({ root, paths, write }) => {
      const logs = join(root, 'var/log/service');
      await mkdir(logs, { recursive: true });
      for (let index = 0; index < FILES; index += 1) {
        await writeLogFile(join(logs, `service-${index}.log`), Math.ceil(bytes / FILES));
      }
      await write(paths.debugList, 'uname -a\n');
      await write(paths.logsList, '/var/log/service/\n');
      const work = join(scene.directory, 'shell');
      const shell = [BUNDLE, work, paths.updatesPublicKey, root] as const;
      return { job: 'debug', shell, made: [paths.debugBundle, work] };
    });
  },
};

const BUNDLE = `
mkdir -p "$1/debug"; cd "$1"
seal() { openssl enc -aes-256-cbc -md sha256 -pbkdf2 -salt -pass file:debug.key -out "$1"; }
openssl rand -hex -out debug.key 32
openssl pkeyutl -encrypt -pubin -inkey "$2" -in debug.key -out debug.key.enc
uname -a > debug/debug-1.log
tar -cf - debug | gzip | seal debug.tar.gz.enc
tar -cf - -C "$3" opt/jidoteki/tinyadmin/log var/log/service | gzip | seal logs.tar.gz.enc
tar -cf debug-bundle.tar debug.key.enc debug.tar.gz.enc logs.tar.gz.enc
sync debug-bundle.tar`;
