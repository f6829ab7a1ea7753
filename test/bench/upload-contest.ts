import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance } from './appliance.js';
import type { Contest } from './contest.js';
import { residentMemory } from './memory.js';
import { writeRandomFile } from './random-data.js';
import type { Scene } from './scene.js';
import type { ServerProcess } from './server.js';
import { settleDisk, timed } from './shell.js';
import { updateEnded } from './update-ended.js';
import { upload } from './upload.js';

export interface UploadFigures {
  readonly seconds: number;
  /** The most resident memory that the server has held. */
  readonly peakMiB: number;
}

/** Uploads of a file, each to a server just started. It is no package: the update that it starts ends at once. */
export async function prepareUpload(scene: Scene, bytes: number): Promise<Contest<UploadFigures>> {
  await scene.requireSpace(4 * bytes);
  const appliance = await createBenchAppliance(scene);
  const target = appliance.signed('POST', '/update');
  const file = join(scene.directory, 'file');
  await writeRandomFile(file, bytes);
  const measure = async (start: () => Promise<ServerProcess>, clearAway: () => Promise<unknown>) => {
    const { url, pid, stop } = await start();
    await settleDisk();
    const seconds = await timed(() => upload(url + target, 'update', file));
    const peakMiB = await residentMemory(pid, 'VmHWM');
    await clearAway();
    await stop();
    return { seconds, peakMiB };
  };
  const startPeer = () => appliance.startPeer('upload');
  return {
    product: () => measure(appliance.start, () => updateEnded(appliance)),
    peer: () => measure(startPeer, () => rm(join(scene.directory, 'uploaded'))),
  };
}
