import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { processesOf } from '../oracle/leftovers.js';
import type { Stand } from '../stand/stand.js';
import type { PowerCut, PoweredDisk } from './power.js';

/**
 * Cuts the power of a stand whose appliance is on the disk. Everything ends before the disk is gone, as no one can tell
 * anything after a real one.
 *
 * @param runner a process that ends first, if there is one
 */
export async function cutPower(stand: Stand, disk: PoweredDisk, how: PowerCut, runner = 0): Promise<void> {
  if (stand.isServing()) await stand.daemon.kill('SIGKILL');
  if (runner !== 0) killIfAlive(runner);
  await poll('every process has ended', async () => {
    const left = await processesOf(stand.appliance, [stand.daemon.process.pid]);
    left.forEach(({ pid }) => killIfAlive(pid));
    return left.length === 0;
  });
  disk.cut(how);
}
