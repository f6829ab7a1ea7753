import { createBenchAppliance } from './appliance.js';
import type { Pair } from './contest.js';
import type { Scene } from './scene.js';
import type { ServerProcess } from './server.js';

/** admind and a peer, running; each `url` is the one at which it answers with its version. */
export async function startVersionServers(
  scene: Scene,
  peerName: 'express' | 'https',
): Promise<Pair<ServerProcess>> {
  const appliance = await createBenchAppliance(scene);
  const target = appliance.signed('GET', '/version');
  const [product, peer] = [await appliance.start(), await appliance.startPeer(peerName)];
  return {
    product: { ...product, url: product.url + target },
    peer: { ...peer, url: peer.url + target },
  };
}
