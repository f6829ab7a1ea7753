import type { JobName } from './index.js';

/**
 * The pairs of jobs that must not overlap. Each job is alone with itself in any case. Logs and debug bundles may be
 * made at any time: support needs them most while something else hangs.
 */
export const CONFLICTS: readonly (readonly [JobName, JobName])[] = [
  // update.sh may change anything, the data included.
  ['update', 'settings'],
  ['update', 'storage'],
  ['update', 'certs'],
  ['update', 'license'],
  ['update', 'backup'],
  ['update', 'restore'],
  // What is being read or replaced below /data must stay where it is.
  ['backup', 'restore'],
  ['backup', 'storage'],
  ['restore', 'storage'],
  // A reboot may cut off a backup, which loses nothing, but no change.
  ['reboot', 'update'],
  ['reboot', 'settings'],
  ['reboot', 'storage'],
  ['reboot', 'certs'],
  ['reboot', 'license'],
  ['reboot', 'restore'],
];

/** The jobs that keep `name` from starting while they run. */
export function conflictsOf(name: JobName): readonly JobName[] {
  return CONFLICTS.flatMap(([a, b]) => (a === name ? [b] : b === name ? [a] : []));
}
