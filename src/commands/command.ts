import { FatalError, messageOf } from '../core/errors.js';

/** One `admind <name>` command. */
export interface Command {
  readonly summary: string;
  /** @returns the exit status */
  run(args: readonly string[]): Promise<number>;
}

/** The command line itself is wrong: one line, a hint, exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs `parse` (an option parser of `node:util`) and turns its complaint into a usage error. */
export function parseOptions<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(messageOf(error).split('. To specify')[0]?.replace(/\.$/, '') ?? 'wrong options');
  }
}

export function requireOption(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw new UsageError(`missing option --${name}`);
  return value;
}

/** A port number from an option or the environment, 0 to 65535. */
export function parsePort(text: string, name: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new FatalError(`${name} must be a port, 0 to 65535, not "${text}"`);
  return port;
}
