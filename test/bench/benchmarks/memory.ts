import { sleep } from '../../../src/core/clock.js';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { residentMemory } from '../memory.js';
import type { ServerProcess } from '../server.js';
import { runWrk } from '../wrk.js';

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
