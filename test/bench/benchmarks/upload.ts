import type { Benchmark } from '../benchmark.js';
import { asFigure } from '../contest.js';
import { GIB, MIB } from '../scene.js';
import { prepareUpload } from '../upload-contest.js';

const BYTES = 2 * GIB;
const MEMORY_BYTES = 4 * GIB;
const PEER = '`node:https` piping the request to a file';

export const uploadFile: Benchmark = {
  name: 'upload',
  what: 'upload of 2 GiB with `curl -F`, to the answer `202`',
  peer: PEER,
  unit: 'MiB/s',
  goal: { atLeast: 0.9 },
  async prepare(scene) {
    const bytes = scene.amount(BYTES);
    return asFigure(await prepareUpload(scene, bytes), ({ seconds }) => bytes / MIB / seconds);
  },
};

export const uploadMemory: Benchmark = {
  name: 'memory-upload',
  what: 'the most resident memory with an upload of 4 GiB',
  peer: PEER,
  unit: 'MiB',
  goal: { atMost: 2.5 },
  prepare: async (scene) =>
    asFigure(await prepareUpload(scene, scene.amount(MEMORY_BYTES)), ({ peakMiB }) => peakMiB),
};
