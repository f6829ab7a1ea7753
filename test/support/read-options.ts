import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '../../src/core/errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * The options that a command of the tests was called with.
 *
 * @param usage what `--help` prints
 * @returns their values; does not return for `--help` (status 0), nor for what is not allowed (status 2, and a line that
 *   names it)
 */
export function readOptions<const T extends Options>(usage: string, options: T) {
  const help = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs<{ options: T & { help: typeof help } }>({ options: { ...options, help } });
    if (!process.argv.slice(2).includes('--help')) return values;
    process.stdout.write(`${usage}\n`);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${usage}\n`);
    process.exitCode = 2;
  }
  return process.exit();
}
