import { join } from 'node:path';
import { loadCertificate } from '../../src/appliance/tls-certificate.js';
import { signRequest } from '../../src/auth/credential.js';
import { tlsPolicy } from '../../src/system/tls-policy.js';
import { createAppliance, EVERYTHING, TOKEN, type TestAppliance } from '../support/appliance.js';
import type { Scene } from './scene.js';
import { startServer, type ServerProcess } from './server.js';

export interface BenchAppliance extends TestAppliance {
  /** The daemon in a process of its own, as an appliance starts it. */
  start(): Promise<ServerProcess>;
  /** One of the servers under `peers/`, with the same certificate and the same TLS settings. */
  startPeer(name: 'express' | 'https' | 'upload'): Promise<ServerProcess>;
  /** A path below the v1 prefix, with the hash that signs it. */
  signed(method: string, path: string): string;
}

const PREFIX = '/api/v1/admin';
/** What `GET /version` answers, and the peers answer with. */
const VERSION = '1.0.0';
/** For growth up to a thousand connections. */
const CONNECTIONS = 2000;

/** A temporary appliance that is set up, with the settings that a real one has. */
export async function createBenchAppliance(scene: Scene): Promise<BenchAppliance> {
  const appliance = await createAppliance({
    ...{ logLevel: 'info', settleIntervalMs: 1000, authFailuresPerMinute: 10 },
    ...{ connectionLimit: CONNECTIONS, uploadLimitBytes: 2 ** 40 },
  });
  scene.defer(appliance.remove);
  const { paths, root, write } = appliance;
  await write(paths.apiToken, `${TOKEN}\n`);
  await write(paths.version, `${VERSION}\n`);
  await write(paths.endpointConfiguration, EVERYTHING);
  const pair = await loadCertificate(paths);
  const peerFile = join(scene.directory, 'peer.json');
  const uploaded = join(scene.directory, 'uploaded');
  await write(peerFile, JSON.stringify({ tls: tlsPolicy(pair), body: { version: VERSION }, uploaded }));
  const start = async (command: (port: number) => readonly string[]) => {
    const server = await startServer(command, join(scene.directory, 'servers.log'));
    scene.defer(server.stop);
    return server;
  };
  return {
    ...appliance,
    start: () => start((port) => productCommand(root, port)),
    startPeer: (name) => start((port) => peerCommand(name, peerFile, port)),
    signed: (method, path) => `${PREFIX}${path}?hash=${signRequest(TOKEN, method + PREFIX + path)}`,
  };
}

function productCommand(root: string, port: number): readonly string[] {
  return ['dist/cli.js', 'serve', '--root', root, '--port', String(port)];
}

function peerCommand(name: string, peerFile: string, port: number): readonly string[] {
  return [`test/bench/peers/${name}.mjs`, peerFile, String(port)];
}
