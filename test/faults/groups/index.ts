import type { Group } from '../row.js';
import { daemonSyscalls } from './daemon-syscalls.js';
import { descriptors } from './descriptors.js';
import { kill } from './kill.js';

/** Every group of the campaign, in the order in which they run. */
export const groups: readonly Group[] = [kill, daemonSyscalls, descriptors];
