import type { Benchmark } from '../benchmark.js';
import { GIB } from '../scene.js';
import { prepareUpdate } from '../update-contest.js';

export const updatePipeline: Benchmark = {
  name: 'update',
  what: 'update of 1 GiB: decrypt, verify, extract, sync',
  peer: '`openssl enc -d | tar -x`, `openssl dgst -verify`, `tar -xz`, `sync -f` as admind does',
  unit: 'MiB/s',
  goal: { atLeast: 1 },
  prepare: (scene) => prepareUpdate(scene, scene.amount(GIB)),
};
