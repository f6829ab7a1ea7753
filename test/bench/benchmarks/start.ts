import { get } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import type { ServerProcess } from '../server.js';
import { spreadOf } from '../statistics.js';

/** One start lasts so short that a figure is the median of several. */
const STARTS = 5;

export const start: Benchmark = {
  name: 'start',
  what: 'start to first answer, of an appliance that was set up before',
  peer: '`node` starting a bare `node:https` server',
  unit: 'ms',
  goal: { atMost: 2 },
  async prepare(scene) {
    const appliance = await createBenchAppliance(scene);
    const path = appliance.signed('GET', '/version');
    const measure = async (startServer: () => Promise<ServerProcess>) => {
      const times: number[] = [];
      for (let count = 0; count < (scene.isQuick ? 1 : STARTS); count += 1) {
        const began = performance.now();
        const server = await startServer();
        await firstAnswer(server.url + path);
        times.push(performance.now() - began);
        await server.stop();
      }
      return spreadOf(times).median;
    };
    const product = () => measure(appliance.start);
    const peer = () => measure(() => appliance.startPeer('https'));
    // The first start makes what later ones find.
    await product();
    await peer();
    return { product, peer };
  },
};

async function firstAnswer(url: string): Promise<void> {
  // The certificate is one that the appliance signed itself, and both sides are on this machine.
  const request = get(url, { rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`the first answer is ${String(response.statusCode)}`);
}
