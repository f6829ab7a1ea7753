import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import type { Contest } from '../contest.js';
import { putUnderLoad } from '../load.js';
import { makeLargePackage } from '../package.js';
import { writeRandomFile, writeRandomTree } from '../random-data.js';
import { MIB, type Scene } from '../scene.js';
import { settleDisk } from '../shell.js';
import { runWrk } from '../wrk.js';

const PACKAGE_BYTES = 512 * MIB;
/** For as many updates, with backups between them, as a quick machine makes in the time. */
const PACKAGES = 6;
const DATA_BYTES = 512 * MIB;
const BULK_BYTES_PER_SECOND = 160 * MIB;
/** Four clients that ask a hundred times a second each: a server that is not saturated, so that it can be seen to wait. */
const CLIENTS = { connections: 4, pauseMs: 10 };

export const latencyUnderLoad: Benchmark = {
  name: 'latency',
  what: 'p99 of `GET /version` while an upload, and updates and backups in turn, run',
  peer: 'the same, idle, with nothing left to write to the disk',
  unit: 'ms',
  goal: { atMost: 3 },
  prepare: (scene) => prepare(scene, 'product'),
};

export const bareLatencyUnderLoad: Benchmark = {
  ...latencyUnderLoad,
  name: 'latency-bare',
  what: 'for comparison: p99 of bare `node:https` beside the same load on admind',
  goal: undefined,
  prepare: (scene) => prepare(scene, 'bare'),
};

async function prepare(scene: Scene, asked: 'product' | 'bare'): Promise<Contest> {
  const appliance = await createBenchAppliance(scene);
  const { paths, write } = appliance;
  const seconds = scene.isQuick ? 2 : 15;
  await scene.requireSpace((PACKAGES + 6) * PACKAGE_BYTES + 3 * seconds * BULK_BYTES_PER_SECOND);
  await write(paths.backupList, 'files\n');
  await writeRandomTree(join(paths.data, 'files'), scene.amount(5000), scene.amount(DATA_BYTES));
  const packageFile = await makeLargePackage(appliance, scene.directory, scene.amount(PACKAGE_BYTES));
  const bulk = join(scene.directory, 'bulk');
  await writeRandomFile(bulk, (seconds + 5) * BULK_BYTES_PER_SECOND);
  const daemon = await appliance.start();
  const server = asked === 'product' ? daemon : await appliance.startPeer('https');
  const packages = Array.from({ length: PACKAGES }, (_, index) => `${packageFile}-${index}`);
  const measure = async () =>
    (await runWrk(server.url + appliance.signed('GET', '/version'), { ...CLIENTS, seconds })).p99Ms;
  await measure();
  return {
    async product() {
      // Before the load: nothing but it is to share the machine with the daemon.
      for (const file of packages) await copyFile(packageFile, file);
      await settleDisk();
      const load = await putUnderLoad(appliance, daemon.url, { bulk, packages });
      try {
        return await measure();
      } finally {
        await load.end();
        for (const file of packages) await rm(file, { force: true });
      }
    },
    async peer() {
      await settleDisk();
      return measure();
    },
  };
}
