import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

const SIGNAL_STATUS = 128;

/**
 * Runs a command of the installed product as root, by sudo, which allows this user just that one; it has this process's
 * standard input and output.
 *
 * @param env beside the path; sudo keeps what its rule names
 * @returns its exit status
 * @throws the system error when there is no sudo
 */
export async function runAsRoot(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const child = spawn('sudo', ['-n', '--', ...command], { stdio: 'inherit', env: { ...env, PATH: path } });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? SIGNAL_STATUS + (signal === null ? 0 : constants.signals[signal]);
}
