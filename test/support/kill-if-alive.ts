import { errnoOf } from '../../src/core/errors.js';

/** Kills a process that may have ended meanwhile. */
export function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
