import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestAppliance } from '../../support/appliance.js';

export interface SshOutcome {
  readonly code: number | null;
  readonly output: string;
}

/** What an administrator asks for over SSH, by the forced command of his key. */
export async function overSsh({ root }: Pick<TestAppliance, 'root'>, command: string): Promise<SshOutcome> {
  const child = spawn(process.execPath, ['dist/cli.js', 'ssh-command', '--root', root], {
    env: { ...process.env, SSH_ORIGINAL_COMMAND: command, SSH_CONNECTION: '127.0.0.3 1 127.0.0.1 22' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, output: out + errors };
}
