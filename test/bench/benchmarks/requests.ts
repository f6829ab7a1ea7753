import { createBenchAppliance } from '../appliance.js';
import type { Benchmark, Contest } from '../benchmark.js';
import type { Scene } from '../scene.js';
import { runWrk, type WrkOptions } from '../wrk.js';

const KEEP_ALIVE = { connections: 20 };
/** A new connection each; both sides make every handshake in full, as curl does. */
const NEW_CONNECTIONS = { connections: 20, isClosing: true };

export const requestsToExpress: Benchmark = {
  name: 'requests-express',
  what: '`GET /version`, keep-alive, 20 connections',
  peer: 'bare Express, `response.json` of the same size over the same TLS',
  unit: 'requests/s',
  goal: { atLeast: 0.9 },
  prepare: (scene) => prepare(scene, 'express', KEEP_ALIVE),
};

export const requestsToHttps: Benchmark = {
  name: 'requests-https',
  what: 'the same',
  peer: 'bare `node:https`, `response.end`',
  unit: 'requests/s',
  goal: { atLeast: 0.19 },
  prepare: (scene) => prepare(scene, 'https', KEEP_ALIVE),
};

export const newConnections: Benchmark = {
  name: 'new-connections',
  what: '`GET /version`, a new connection each, 20 at a time',
  peer: 'bare `node:https`, the same certificate',
  unit: 'requests/s',
  goal: { atLeast: 0.95 },
  prepare: (scene) => prepare(scene, 'https', NEW_CONNECTIONS),
};

type Load = Omit<WrkOptions, 'seconds'>;

async function prepare(scene: Scene, peerName: 'express' | 'https', load: Load): Promise<Contest> {
  const appliance = await createBenchAppliance(scene);
  const [product, peer] = [await appliance.start(), await appliance.startPeer(peerName)];
  const target = appliance.signed('GET', '/version');
  const measure = async (url: string, seconds: number) =>
    (await runWrk(url + target, { ...load, seconds })).requestsPerSecond;
  // Neither is to be measured before its code is compiled.
  for (const { url } of [product, peer]) await measure(url, scene.isQuick ? 2 : 3);
  return {
    product: () => measure(product.url, scene.seconds),
    peer: () => measure(peer.url, scene.seconds),
  };
}
