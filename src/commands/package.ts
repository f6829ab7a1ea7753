import { parseArgs } from 'node:util';
import { errnoOf, FatalError, messageOf } from '../core/errors.js';
import { createPackage } from '../package/create.js';
import { inspectPackage } from '../package/inspect.js';
import { generateUpdateKeys } from '../package/keys.js';
import { PackageError } from '../package/package-error.js';
import { parseOptions, requireOption, UsageError } from './command.js';
import { formatReport, formatVerdict } from './package-report.js';

/** The arguments of a subcommand: exactly those that it declares, all present. */
type Values = Readonly<Record<string, string>>;

interface Subcommand {
  readonly summary: string;
  /** Names of options, each mandatory and with a value; shown as `--name VALUE`. */
  readonly options: Readonly<Record<string, string>>;
  /** The positional argument, if it takes one. */
  readonly operand?: string;
  readonly example: string;
  /** @returns what to print */
  run(values: Values): Promise<string>;
}

const KEYS_TO_OPEN = { key: 'FILE', 'public-key': 'FILE' };

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  keygen: {
    summary: 'Writes updates.key, updates.pub and updates.private.pem; never overwrites one.',
    options: { dir: 'DIR' },
    example: 'admind package keygen --dir keys',
    async run({ dir = '' }) {
      const keys = await generateUpdateKeys(dir);
      return [
        `${keys.key}  encrypts packages: keep it secret, install it on the appliances`,
        `${keys.publicKey}  verifies packages: install it on the appliances`,
        `${keys.privateKey}  signs packages: keep it secret, never install it`,
      ].join('\n');
    },
  },
  create: {
    summary: 'Packs, signs and encrypts the content of a directory (update.sh, version.txt, …).',
    options: { dir: 'DIR', key: 'FILE', 'private-key': 'FILE', out: 'FILE' },
    example:
      'admind package create --dir update --key updates.key --private-key updates.private.pem --out software_package-1.1.0.enc',
    async run({ dir = '', key = '', 'private-key': privateKey = '', out = '' }) {
      const options = { directory: dir, keyFile: key, privateKeyFile: privateKey, outputFile: out };
      const { sizeBytes, version } = await createPackage(options);
      return `${out}: ${version === undefined ? 'no version' : `version ${version}`}, ${sizeBytes} bytes`;
    },
  },
  inspect: {
    summary: 'Checks a package as an appliance would and lists what it holds.',
    options: KEYS_TO_OPEN,
    operand: 'PACKAGE',
    example: 'admind package inspect software_package-1.1.0.enc --key updates.key --public-key updates.pub',
    run: async (values) => formatReport(await inspectPackage(inspectOptions(values))),
  },
  verify: {
    summary: 'Checks a package as an appliance would; exit status 1 and the reason if it would be refused.',
    options: KEYS_TO_OPEN,
    operand: 'PACKAGE',
    example: 'admind package verify software_package-1.1.0.enc --key updates.key --public-key updates.pub',
    run: async (values) => formatVerdict(await inspectPackage(inspectOptions(values))),
  },
};

/**
 * `admind package <subcommand>`.
 *
 * @param args what follows `package`
 * @returns the exit status: 0, 1 when it failed, 2 when it was called wrongly
 */
export async function packageCommand(args: readonly string[]): Promise<number> {
  try {
    process.stdout.write(`${await answer(args)}\n`);
    return 0;
  } catch (error) {
    if (!isExpected(error)) throw error;
    process.stderr.write(`admind: ${messageOf(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function answer([name, ...rest]: readonly string[]): Promise<string> {
  if (name === '--help' || name === '-h') return overview();
  const subcommand = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (name === undefined || subcommand === undefined) {
    const problem = name === undefined ? 'a subcommand is missing' : `there is no subcommand "${name}"`;
    throw new UsageError(`package: ${problem}. Allowed: ${Object.keys(SUBCOMMANDS).join(', ')}`);
  }
  if (rest.includes('--help') || rest.includes('-h')) return help(name, subcommand);
  return subcommand.run(parseValues(name, subcommand, rest));
}

function parseValues(name: string, subcommand: Subcommand, args: readonly string[]): Values {
  try {
    return parseStrictly(subcommand, args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`package ${name}: ${error.message}. ${usage(name, subcommand)}`);
  }
}

function parseStrictly({ options, operand }: Subcommand, args: readonly string[]): Values {
  const declared: Record<string, { type: 'string' }> = {};
  for (const option of Object.keys(options)) declared[option] = { type: 'string' };
  const { values, positionals } = parseOptions(() =>
    parseArgs({ args: [...args], options: declared, allowPositionals: true }),
  );
  const given: Record<string, string> = {};
  for (const option of Object.keys(options)) given[option] = requireOption(values[option], option);
  const surplus = positionals[operand === undefined ? 0 : 1];
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}"`);
  if (operand === undefined) return given;
  const [value] = positionals;
  if (value === undefined || value === '') throw new UsageError(`missing argument ${operand}`);
  return { ...given, [operand]: value };
}

function inspectOptions({ PACKAGE = '', key = '', 'public-key': publicKey = '' }: Values) {
  return { packageFile: PACKAGE, keyFile: key, publicKeyFile: publicKey };
}

function overview(): string {
  const lines = Object.entries(SUBCOMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return ['Usage: admind package <subcommand> [options]', '', ...lines].join('\n');
}

function help(name: string, subcommand: Subcommand): string {
  return [usage(name, subcommand), '', subcommand.summary, '', 'Example:', `  ${subcommand.example}`].join(
    '\n',
  );
}

function usage(name: string, { options, operand }: Subcommand): string {
  const parts = Object.entries(options).map(([option, value]) => `--${option} ${value}`);
  return `Usage: admind package ${[name, ...(operand === undefined ? [] : [operand]), ...parts].join(' ')}`;
}

function isExpected(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    error instanceof FatalError ||
    error instanceof PackageError ||
    errnoOf(error) !== undefined
  );
}
