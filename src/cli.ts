#!/usr/bin/env node
import { bundleCommand } from './commands/bundle.js';
import { UsageError, type Command } from './commands/command.js';
import { certificate } from './commands/certificate.js';
import { consoleBanner } from './commands/console-banner.js';
import { packageCommand } from './commands/package.js';
import { prepare } from './commands/prepare.js';
import { provisionCommand } from './commands/provision.js';
import { serve } from './commands/serve.js';
import { sign } from './commands/sign.js';
import { sshCommand } from './commands/ssh-command.js';
import { token } from './commands/token.js';
import { waitReady } from './commands/wait-ready.js';
import { productVersion } from './config/product-version.js';
import { errnoOfSystemCall, FatalError, messageOf } from './core/errors.js';

const commands: Readonly<Record<string, Command>> = {
  serve,
  prepare,
  provision: provisionCommand,
  'wait-ready': waitReady,
  certificate,
  token,
  'console-banner': consoleBanner,
  sign,
  package: packageCommand,
  bundle: bundleCommand,
  'ssh-command': sshCommand,
};

const HELP = `Usage: admind COMMAND [OPTION…]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`)
  .join('\n')}

admind COMMAND --help tells more; admind --version prints the version.
`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`admind ${productVersion()}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    throw new UsageError(`unknown command "${name}". Allowed: ${Object.keys(commands).join(', ')}`);
  return command.run(args);
}

function report(error: unknown): number {
  const known =
    error instanceof FatalError || error instanceof UsageError || errnoOfSystemCall(error) !== undefined;
  // Who reads it may be gone; the status tells, too.
  process.stderr.on('error', () => undefined);
  process.stderr.write(
    `admind: ${known ? messageOf(error) : String(error instanceof Error ? error.stack : error)}\n`,
  );
  if (!(error instanceof UsageError)) return 1;
  process.stderr.write('Try admind --help\n');
  return 2;
}

process.exitCode = await main(process.argv.slice(2)).catch(report);
