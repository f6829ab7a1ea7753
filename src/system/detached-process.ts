import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Starts a Node program in a session of its own, which outlives this process. The channel (`child.send`) is closed by
 * either side and keeps neither alive.
 *
 * @param program absolute path of the compiled module
 * @param output `inherit`: it writes to the same standard output and error
 */
export function spawnDetached(program: string, output: 'inherit' | 'ignore'): ChildProcess {
  return spawn(process.execPath, [program], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', output, output, 'ipc'],
  });
}
