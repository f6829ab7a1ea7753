import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Another build of the product; default: this one. */
  readonly product?: string;
}

/** Runs the built `admind` with the given arguments; its environment is clean but for `env`. */
export async function admind(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { product = '.', ...user }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [resolve(product, 'dist/cli.js'), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}
