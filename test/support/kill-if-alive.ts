import { errnoOf } from '../../src/core/errors.js';

/** Kills a process that may have ended meanwhile. */
export function killIfAlive(pid: number): void {
  signalIfAlive(pid, 'SIGKILL');
}

/** @returns whether there was a process to signal */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
    return false;
  }
}
