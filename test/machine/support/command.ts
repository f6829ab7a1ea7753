import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** What a program that has ended left. */
export interface Output {
  /** The exit status, or 128 and the number of the signal, as a shell says it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a program to its end. @returns what it left; throws when it failed, with all that it printed */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(' ').slice(0, 400)}: exit ${code}\n${stdout}${stderr}`);
  }
  return stdout;
}

/** Runs a program that may fail. */
export async function attempt(
  program: string,
  args: readonly string[],
  { input = '', env, timeoutMs = 120_000 }: CommandOptions = {},
): Promise<Output> {
  const child = spawn(program, args, { env: env ?? process.env, timeout: timeoutMs, killSignal: 'SIGKILL' });
  // A program that does not read its input ends before it is written: its exit status says enough.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code: code ?? 137, stdout: stdout.toString(), stderr: stderr.toString() };
}
