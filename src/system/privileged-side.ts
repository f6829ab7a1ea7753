import { existsSync } from 'node:fs';
import { connectPeer, spawnPeer, type Peer } from './peer.js';

/** Where systemd listens and starts a root process per connection; only the daemon's user may connect. */
export const PRIVILEGED_SOCKET = '/run/admind/job.socket';
/** The one program that sudo starts for the daemon's user on an appliance without systemd. */
const PRIVILEGED_PROGRAM = '/usr/lib/admind/bin/admind-privileged';

/**
 * How to start a process with the rights that this one lacks.
 *
 * @param root of a sandbox, whose files belong to whoever serves it
 * @returns undefined where this process does everything itself: in a sandbox, and as root
 */
export function findPrivilegedSide(root: string | undefined): (() => Peer) | undefined {
  if (root !== undefined || process.geteuid?.() === 0) return undefined;
  return () =>
    existsSync(PRIVILEGED_SOCKET)
      ? connectPeer(PRIVILEGED_SOCKET)
      : spawnPeer(['/usr/bin/sudo', '-n', PRIVILEGED_PROGRAM], 'inherit');
}
