import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance } from '../appliance.js';
import type { Benchmark } from '../benchmark.js';
import { writeRandomFile } from '../random-data.js';
import { GIB, MIB } from '../scene.js';
import { settleDisk, timed } from '../shell.js';
import { upload } from '../upload.js';
import { updateEnded } from '../update-ended.js';

const BYTES = 2 * GIB;

export const uploadFile: Benchmark = {
  name: 'upload',
  what: 'upload of 2 GiB with `curl -F`, to the answer `202`',
  peer: '`node:https` piping the request to a file',
  unit: 'MiB/s',
  goal: { atLeast: 0.9 },
  async prepare(scene) {
    const bytes = scene.amount(BYTES);
    await scene.requireSpace(4 * bytes);
    const appliance = await createBenchAppliance(scene);
    const [product, peer] = [await appliance.start(), await appliance.startPeer('upload')];
    const file = join(scene.directory, 'file');
    await writeRandomFile(file, bytes);
    const measure = async (url: string, clearAway: () => Promise<unknown>) => {
      await settleDisk();
      const seconds = await timed(async () => {
        const status = await upload(url + appliance.signed('POST', '/update'), 'update', file);
        if (status !== '202') throw new Error(`the upload was answered ${status}`);
      });
      await clearAway();
      return bytes / MIB / seconds;
    };
    return {
      // What was sent is no package: the update that it starts ends at once.
      product: () => measure(product.url, () => updateEnded(appliance)),
      peer: () => measure(peer.url, () => rm(join(scene.directory, 'uploaded'))),
    };
  },
};
