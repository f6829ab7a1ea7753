import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Starts a Node program in a session of its own, which outlives this process. It writes to the same standard output
 * and error; the channel (`child.send`) is closed by either side and keeps neither alive.
 *
 * @param program absolute path of the compiled module
 */
export function spawnDetached(program: string): ChildProcess {
  return spawn(process.execPath, [program], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
