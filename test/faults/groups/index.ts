import type { Group } from '../row.js';
import { clock } from './clock.js';
import { concurrency } from './concurrency.js';
import { daemonSyscalls } from './daemon-syscalls.js';
import { crashPoints } from './crash-points.js';
import { descriptors } from './descriptors.js';
import { fuzz } from './fuzz.js';
import { hostileFiles } from './hostile-files.js';
import { hostilePackages } from './hostile-packages.js';
import { hostileRequests } from './hostile-requests.js';
import { immutable } from './immutable.js';
import { kill } from './kill.js';
import { noSpace } from './no-space.js';
import { powerCut } from './power-cut.js';
import { slowClientsGroup } from './slow-clients.js';
import { stop } from './stop.js';
import { syscalls } from './syscalls.js';
import { throttle } from './throttle.js';
import { timing } from './timing.js';
import { tls } from './tls.js';
import { toolless } from './toolless.js';
import { vanish } from './vanish.js';

/** Every group of the campaign, in the order in which they run. */
export const groups: readonly Group[] = [
  kill,
  powerCut,
  crashPoints,
  noSpace,
  immutable,
  syscalls,
  daemonSyscalls,
  descriptors,
  hostileRequests,
  hostilePackages,
  hostileFiles,
  fuzz,
  slowClientsGroup,
  throttle,
  timing,
  tls,
  stop,
  clock,
  toolless,
  vanish,
  concurrency,
];
