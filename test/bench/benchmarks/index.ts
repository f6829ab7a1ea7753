import type { Benchmark } from '../benchmark.js';
import { backup } from './backup.js';
import { debugBundle } from './debug.js';
import { bareLatencyUnderLoad, latencyUnderLoad } from './latency.js';
import { idleMemory } from './memory.js';
import { newConnections, newConnectionsToExpress, requestsToExpress, requestsToHttps } from './requests.js';
import { restoreEmpty, restoreOver } from './restore.js';
import { start } from './start.js';
import { updatePipeline } from './update.js';
import { uploadFile, uploadMemory } from './upload.js';

/** Every row of the comparison, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  requestsToExpress,
  requestsToHttps,
  newConnections,
  newConnectionsToExpress,
  uploadFile,
  updatePipeline,
  backup,
  restoreOver,
  restoreEmpty,
  debugBundle,
  start,
  idleMemory,
  uploadMemory,
  latencyUnderLoad,
  bareLatencyUnderLoad,
];
