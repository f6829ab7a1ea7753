import { growthOfConnections, type ConnectionsPoint } from './growth/connections.js';
import { growthOfPackages, type PackagePoint } from './growth/packages.js';
import { openScene, type SceneOptions } from './scene.js';

/** How cost grows with the amount of work. */
export interface Growth {
  readonly connections: readonly ConnectionsPoint[];
  readonly packages: readonly PackagePoint[];
}

export async function measureGrowth(options: SceneOptions, print: (line: string) => void): Promise<Growth> {
  const scene = await openScene(options);
  try {
    return {
      connections: await growthOfConnections(scene, print),
      packages: await growthOfPackages(scene, print),
    };
  } finally {
    await scene.close();
  }
}
