import { parseArgs } from 'node:util';
import { errnoOf, FatalError, messageOf } from '../core/errors.js';
import { PackageError } from '../package/package-error.js';
import { parseOptions, requireOption, UsageError, type Command } from './command.js';

/** The arguments of a subcommand: those that it declares; the mandatory ones are present. */
export type Values = Readonly<Record<string, string>>;

export interface Subcommand {
  readonly summary: string;
  /** Names of mandatory options, each with a value; shown as `--name VALUE`. */
  readonly options: Readonly<Record<string, string>>;
  /** Those that may be left out; shown as `[--name VALUE]`. */
  readonly optional?: Readonly<Record<string, string>>;
  /** The positional argument, if it takes one. */
  readonly operand?: string;
  /** Further lines of its help. */
  readonly notes?: readonly string[];
  readonly example: string;
  /** @returns what to print */
  run(values: Values): Promise<string>;
}

type Subcommands = Readonly<Record<string, Subcommand>>;

/** `admind <name> <subcommand>`; its exit status is 0, 1 when it failed, 2 when it was called wrongly. */
export function withSubcommands(name: string, summary: string, subcommands: Subcommands): Command {
  return {
    summary,
    async run(args) {
      try {
        process.stdout.write(`${await answer(name, subcommands, args)}\n`);
        return 0;
      } catch (error) {
        if (!isExpected(error)) throw error;
        process.stderr.write(`admind: ${messageOf(error)}\n`);
        return error instanceof UsageError ? 2 : 1;
      }
    },
  };
}

async function answer(
  command: string,
  subcommands: Subcommands,
  [name, ...rest]: readonly string[],
): Promise<string> {
  if (name === '--help' || name === '-h') return overview(command, subcommands);
  const subcommand = name !== undefined && Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (name === undefined || subcommand === undefined) {
    const problem = name === undefined ? 'a subcommand is missing' : `there is no subcommand "${name}"`;
    throw new UsageError(`${command}: ${problem}. Allowed: ${Object.keys(subcommands).join(', ')}`);
  }
  const fullName = `${command} ${name}`;
  if (rest.includes('--help') || rest.includes('-h')) return help(fullName, subcommand);
  return subcommand.run(parseValues(fullName, subcommand, rest));
}

function parseValues(name: string, subcommand: Subcommand, args: readonly string[]): Values {
  try {
    return parseStrictly(subcommand, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${name}: ${error.message}. ${usage(name, subcommand)}`);
  }
}

function parseStrictly({ options, optional = {}, operand }: Subcommand, args: readonly string[]): Values {
  const declared: Record<string, { type: 'string' }> = {};
  for (const option of Object.keys({ ...options, ...optional })) declared[option] = { type: 'string' };
  const { values, positionals } = parseOptions(() =>
    parseArgs({ args: [...args], options: declared, allowPositionals: true }),
  );
  const given: Record<string, string> = {};
  for (const option of Object.keys(options)) given[option] = requireOption(values[option], option);
  for (const option of Object.keys(optional)) {
    if (values[option] !== undefined) given[option] = requireOption(values[option], option);
  }
  const surplus = positionals[operand === undefined ? 0 : 1];
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}"`);
  if (operand === undefined) return given;
  const [value] = positionals;
  if (value === undefined || value === '') throw new UsageError(`missing argument ${operand}`);
  return { ...given, [operand]: value };
}

function overview(command: string, subcommands: Subcommands): string {
  const lines = Object.entries(subcommands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return [`Usage: admind ${command} <subcommand> [options]`, '', ...lines].join('\n');
}

function help(name: string, subcommand: Subcommand): string {
  const { summary, notes = [], example } = subcommand;
  return [usage(name, subcommand), '', summary, ...notes, '', 'Example:', `  ${example}`].join('\n');
}

function usage(name: string, { options, optional = {}, operand }: Subcommand): string {
  const parts = [
    name,
    ...(operand === undefined ? [] : [operand]),
    ...Object.entries(options).map(([option, value]) => `--${option} ${value}`),
    ...Object.entries(optional).map(([option, value]) => `[--${option} ${value}]`),
  ];
  return `Usage: admind ${parts.join(' ')}`;
}

function isExpected(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    error instanceof FatalError ||
    error instanceof PackageError ||
    errnoOf(error) !== undefined
  );
}
