import { runAb } from '../ab.js';
import type { Benchmark } from '../benchmark.js';
import type { ServerProcess } from '../server.js';
import { startVersionServers } from '../version-servers.js';
import { runWrk } from '../wrk.js';

const CONNECTIONS = 20;
const WARM_UP_SECONDS = 3;

export const requestsToExpress: Benchmark = {
  name: 'requests-express',
  what: '`GET /version`, keep-alive, 20 connections',
  peer: 'bare Express, `response.json` of the same size over the same TLS',
  unit: 'requests/s',
  goal: { atLeast: 0.9 },
  prepare: contestOf('express', keepAlive),
};

export const requestsToHttps: Benchmark = {
  name: 'requests-https',
  what: 'the same',
  peer: 'bare `node:https`, `response.end`',
  unit: 'requests/s',
  goal: { atLeast: 0.19 },
  prepare: contestOf('https', keepAlive),
};

export const newConnections: Benchmark = {
  name: 'new-connections',
  what: '`GET /version`, a new connection and a full handshake each, 20 at a time',
  peer: 'bare `node:https`, the same certificate',
  unit: 'requests/s',
  goal: { atLeast: 0.95 },
  prepare: contestOf('https', runAb),
};

export const newConnectionsToExpress: Benchmark = {
  ...newConnections,
  name: 'new-connections-express',
  what: 'for comparison: the same',
  peer: 'bare Express, `response.json` of the same size',
  goal: undefined,
  prepare: contestOf('express', runAb),
};

function contestOf(peerName: 'express' | 'https', requestsPerSecond: typeof runAb): Benchmark['prepare'] {
  return async (scene) => {
    const { product, peer } = await startVersionServers(scene, peerName);
    const measure = ({ url }: ServerProcess, seconds = scene.seconds) =>
      requestsPerSecond(url, { connections: CONNECTIONS, seconds });
    // Neither is to be measured before its code is compiled.
    for (const server of [product, peer]) await measure(server, WARM_UP_SECONDS);
    return { product: () => measure(product), peer: () => measure(peer) };
  };
}

async function keepAlive(...[url, load]: Parameters<typeof runAb>): Promise<number> {
  return (await runWrk(url, load)).requestsPerSecond;
}
