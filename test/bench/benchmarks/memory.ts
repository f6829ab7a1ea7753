import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../../src/core/clock.js';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { residentMemory } from '../memory.js';
import { writeRandomFile } from '../random-data.js';
import { GIB } from '../scene.js';
import type { ServerProcess } from '../server.js';
import { updateEnded } from '../update-ended.js';
import { upload } from '../upload.js';
import { runWrk } from '../wrk.js';

const UPLOAD_BYTES = 4 * GIB;
const REST_MS = 3000;

export const idleMemory: Benchmark = {
  name: 'memory-idle',
  what: 'resident memory, idle, after a second of requests on one connection',
  peer: 'bare `node:https`',
  unit: 'MiB',
  goal: { atMost: 1.6 },
  async prepare(scene) {
    const appliance = await createBenchAppliance(scene);
    const measure = async (start: () => Promise<ServerProcess>) => {
      const server = await start();
      await runWrk(server.url + appliance.signed('GET', '/version'), {
        ...{ connections: 1, seconds: 1, pauseMs: 10 },
      });
      await sleep(REST_MS);
      const memory = await residentMemory(server.pid, 'VmRSS');
      await server.stop();
      return memory;
    };
    return {
      product: () => measure(appliance.start),
      peer: () => measure(() => appliance.startPeer('https')),
    };
  },
};

export const uploadMemory: Benchmark = {
  name: 'memory-upload',
  what: 'the most resident memory with an upload of 4 GiB',
  peer: '`node:https` piping the request to a file',
  unit: 'MiB',
  goal: { atMost: 2.5 },
  async prepare(scene) {
    const bytes = scene.amount(UPLOAD_BYTES);
    await scene.requireSpace(3 * bytes);
    const appliance = await createBenchAppliance(scene);
    const file = join(scene.directory, 'file');
    await writeRandomFile(file, bytes);
    const measure = async (start: () => Promise<ServerProcess>, clearAway: () => Promise<unknown>) => {
      const server = await start();
      await upload(server.url + appliance.signed('POST', '/update'), 'update', file);
      const memory = await residentMemory(server.pid, 'VmHWM');
      await clearAway();
      await server.stop();
      return memory;
    };
    return {
      product: () => measure(appliance.start, () => updateEnded(appliance)),
      peer: () =>
        measure(
          () => appliance.startPeer('upload'),
          () => rm(join(scene.directory, 'uploaded')),
        ),
    };
  },
};
