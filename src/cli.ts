#!/usr/bin/env node
import { UsageError, type Command } from './commands/command.js';
import { productVersion } from './config/product-version.js';
import { errnoOf, errnoOfSystemCall, FatalError, messageOf } from './core/errors.js';
import { UnusableFile } from './core/read-only.js';
import { disarmHangup, disarmSignals } from './system/signals.js';
import { restrictUmask } from './system/umask.js';

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview(await loadAll()));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`admind ${productVersion()}\n`);
    return 0;
  }
  const commands = await (name === 'serve' ? loadServe() : loadOthers());
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    throw new UsageError(`unknown command "${name}". Allowed: ${Object.keys(await loadAll()).join(', ')}`);
  return command.run(args);
}

type Commands = Readonly<Record<string, Command>>;

/** The daemon is loaded without what the other commands need, and they without it: each starts the sooner. */
async function loadServe(): Promise<Commands> {
  const { serve } = await import('./commands/serve.js');
  return { serve };
}

async function loadOthers(): Promise<Commands> {
  const { commands } = await import('./commands/index.js');
  return commands;
}

async function loadAll(): Promise<Commands> {
  return { ...(await loadServe()), ...(await loadOthers()) };
}

function overview(commands: Commands): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`);
  return `Usage: admind COMMAND [OPTION…]

${lines.join('\n')}

admind COMMAND --help tells more; admind --version prints the version.
`;
}

function report(error: unknown): number {
  const told = [FatalError, UsageError, UnusableFile].some((type) => error instanceof type);
  const known = told || errnoOfSystemCall(error) !== undefined;
  complain(known ? messageOf(error) : String(error instanceof Error ? error.stack : error));
  if (!(error instanceof UsageError)) return 1;
  process.stderr.write('Try admind --help\n');
  return 2;
}

function complain(text: string): void {
  process.stderr.write(`admind: ${text}\n`);
}

/** Nothing is left undone because nobody can be told of it. @returns whether all could be written so far */
function surviveOutput(): () => boolean {
  let isWhole = true;
  // Who reads it may be gone; the status tells, too.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error) => {
    // Whoever has closed it does not want to be told.
    if (errnoOf(error) === 'EPIPE') return;
    if (isWhole) complain(`standard output: ${messageOf(error)}`);
    isWhole = false;
  });
  return () => isWhole;
}

const args = process.argv.slice(2);
disarmSignals();
if (args[0] === 'serve') disarmHangup();
restrictUmask();
const isWhole = surviveOutput();
const status = await main(args).catch(report);
// Node tells of what was written last in its next turn.
await new Promise(setImmediate);
// The daemon's work is not what it prints.
process.exitCode = status === 0 && args[0] !== 'serve' && !isWhole() ? 1 : status;
