import { play } from '../contest.js';
import { mostMemoryDuring } from '../memory.js';
import { openScene, type Scene } from '../scene.js';
import type { ServerProcess } from '../server.js';
import { startVersionServers } from '../version-servers.js';
import { runWrk } from '../wrk.js';
import { GROWTH_ROUNDS, type Figures, type Growth, type GrowthPoint } from './growth.js';

const CONNECTIONS = [1, 10, 100, 1000];
/** wrk opens its connections within the time that it measures: many of them are given more of it. */
const SECONDS_PER_CONNECTION = 0.02;

export const connections: Growth = {
  name: 'growth-connections',
  what: '`GET /version`, keep-alive, with more and more connections; memory while they are open',
  peer: 'bare `node:https`',
  unit: 'connections',
  async measure(options, print) {
    const scene = await openScene(options);
    try {
      return await measureAll(scene, print);
    } finally {
      await scene.close();
    }
  },
};

async function measureAll(scene: Scene, print: (line: string) => void): Promise<readonly GrowthPoint[]> {
  const { product, peer } = await startVersionServers(scene, 'https');
  // Neither is to be measured before its code is compiled.
  for (const server of [product, peer]) await measure(server, 10, scene.seconds);
  const points: GrowthPoint[] = [];
  for (const amount of scene.isQuick ? CONNECTIONS.slice(0, 2) : CONNECTIONS) {
    const seconds = scene.seconds + Math.ceil(SECONDS_PER_CONNECTION * amount);
    const contest = {
      product: () => measure(product, amount, seconds),
      peer: () => measure(peer, amount, seconds),
    };
    const rounds = await play(contest, scene.isQuick ? 1 : GROWTH_ROUNDS, (_round, count) => {
      print(`  ${amount} connections, round ${count}`);
    });
    points.push({ amount, rounds });
  }
  return points;
}

async function measure({ url, pid }: ServerProcess, count: number, seconds: number): Promise<Figures> {
  const load = () => runWrk(url, { connections: count, seconds });
  const [{ requestsPerSecond, p99Ms }, memoryMiB] = await mostMemoryDuring(pid, load);
  return { 'requests/s': requestsPerSecond, 'p99 ms': p99Ms, 'memory MiB': memoryMiB };
}
