import { sleep } from '../../../src/core/clock.js';
import { signalIfAlive } from '../../support/kill-if-alive.js';
import { isStopped } from './children.js';

const STEP_MS = 1;
/** Until what it has printed has come in. */
const PAUSE_MS = 5;
const LIMIT_MS = 60_000;

/**
 * Lets a process run in short steps until something has come about, so that it cannot be past it by the time that it is
 * seen; it stays stopped then.
 *
 * @returns whether it is stopped there; false when it ended before
 */
export async function stopWhen(pid: number, isThere: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    if (!signalIfAlive(pid, 'SIGSTOP')) return false;
    await sleep(PAUSE_MS);
    if (await isThere()) return isStopped(pid);
    signalIfAlive(pid, 'SIGCONT');
    await sleep(STEP_MS);
  }
  throw new Error('what a process was slowed down for never came about');
}
