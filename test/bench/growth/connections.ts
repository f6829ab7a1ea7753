import { createBenchAppliance } from '../appliance.js';
import { residentMemory } from '../memory.js';
import type { Scene } from '../scene.js';
import { threeDigits } from '../statistics.js';
import { runWrk, type WrkFigures } from '../wrk.js';

export interface ConnectionsPoint {
  readonly connections: number;
  readonly product: WrkFigures & { readonly memoryMiB: number };
  readonly peer: WrkFigures & { readonly memoryMiB: number };
}

const CONNECTIONS = [1, 10, 100, 1000];
/** wrk opens its connections within the time that it measures: many of them are given more of it. */
const SECONDS_PER_CONNECTION = 0.02;

/** `GET /version`, keep-alive, with more and more connections: admind and bare `node:https`. */
export async function growthOfConnections(
  scene: Scene,
  print: (line: string) => void,
): Promise<readonly ConnectionsPoint[]> {
  const appliance = await createBenchAppliance(scene);
  const [product, peer] = [await appliance.start(), await appliance.startPeer('https')];
  const target = appliance.signed('GET', '/version');
  const measure = async ({ url, pid }: typeof product, connections: number) => ({
    ...(await runWrk(url + target, {
      connections,
      seconds: scene.seconds + Math.ceil(SECONDS_PER_CONNECTION * connections),
    })),
    memoryMiB: await residentMemory(pid, 'VmRSS'),
  });
  for (const server of [product, peer]) await measure(server, 10);
  const points: ConnectionsPoint[] = [];
  for (const connections of scene.isQuick ? CONNECTIONS.slice(0, 2) : CONNECTIONS) {
    const point = {
      connections,
      product: await measure(product, connections),
      peer: await measure(peer, connections),
    };
    points.push(point);
    const { product: mine, peer: theirs } = point;
    print(
      `  ${connections} connections: ${threeDigits(mine.requestsPerSecond)} to ${threeDigits(theirs.requestsPerSecond)} requests/s`,
    );
  }
  for (const server of [product, peer]) await server.stop();
  return points;
}
