import { join } from 'node:path';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { timeJob } from '../jobs.js';
import { makeLargePackage } from '../package.js';
import { GIB, MIB } from '../scene.js';
import { timeShellUpdate } from '../shell-update.js';

const BYTES = GIB;

export const updatePipeline: Benchmark = {
  name: 'update',
  what: 'update of 1 GiB: decrypt, verify, extract, sync',
  peer: '`openssl enc -d | tar -x`, `openssl dgst -verify`, `tar -xz`, `sync -f`',
  unit: 'MiB/s',
  goal: { atLeast: 1 },
  async prepare(scene) {
    const bytes = scene.amount(BYTES);
    await scene.requireSpace(6 * bytes);
    const appliance = await createBenchAppliance(scene);
    const file = await makeLargePackage(appliance, scene.directory, bytes);
    const rate = (seconds: number) => bytes / MIB / seconds;
    return {
      product: async () => rate(await timeJob(appliance, 'update', { field: 'update', file })),
      peer: async () => rate(await timeShellUpdate(appliance, file, join(scene.directory, 'shell'))),
    };
  },
};
