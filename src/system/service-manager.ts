import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { repeat, type StopRepeating } from '../core/repeat.js';
import { requireDescriptors } from './descriptors.js';

/**
 * Tells systemd, where it waits for that, how this process is: `READY=1`, `RELOADING=1`, `STOPPING=1`, … (sd_notify(3)).
 * By a program of systemd's own, since Node has no datagram sockets; its unit needs `NotifyAccess=all`.
 */
export async function notifyServiceManager(...states: readonly string[]): Promise<void> {
  if (!process.env.NOTIFY_SOCKET) return;
  try {
    requireDescriptors();
    await once(spawn('systemd-notify', states, { stdio: 'ignore' }), 'exit');
  } catch {
    // What cannot be told is seen by systemd itself: it waits in vain and starts the service anew.
  }
}

/** Tells systemd that this process is alive, as often as its unit asks for; one that hangs is started anew. */
export function keepWatchdogCalm(): StopRepeating {
  const limitMs = Number(process.env.WATCHDOG_USEC ?? 0) / 1000;
  if (!(limitMs > 0)) return () => Promise.resolve();
  return repeat(
    limitMs / 3,
    () => notifyServiceManager('WATCHDOG=1'),
    () => undefined,
  );
}
