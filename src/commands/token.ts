import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ApplianceContext } from '../context.js';
import { firstLine } from '../core/first-line.js';
import { AdminError, FatalError, messageOf } from '../core/errors.js';
import { resetToken } from '../operations/reset-token.js';
import { parseOptions, UsageError, type Command } from './command.js';
import { namedRoot, openAppliance } from './open-appliance.js';

const HELP = `Usage: admind token reset [--root DIR] [--token-file FILE]

Takes the place of an API token that is lost. The current one is void at once.

  Without --token-file a passphrase is made and printed, as at a first run: whoever knows it sets the new token with
  POST /api/v1/admin/setup.

  --token-file FILE  the new token: the first line of FILE
  --root DIR         the appliance under DIR (or ADMIND_ROOT)

Only root can do this. The audit log tells of it.
`;

export const token: Command = {
  summary: 'reset a lost API token',
  async run(args) {
    const { values, positionals } = parseOptions(() =>
      parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          root: { type: 'string' },
          'token-file': { type: 'string' },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    if (positionals[0] !== 'reset' || positionals.length > 1) {
      throw new UsageError('say what to do. Allowed: reset');
    }
    const context = openAppliance(namedRoot(values.root), 'console', 'token reset');
    const file = values['token-file'];
    const said = await (file === undefined ? renewPassphrase(context) : replace(context, file));
    const elsewhere = file === undefined ? `: the passphrase is in ${context.paths.apiTokenSetup}` : '';
    await context.audit.record({
      id: randomBytes(8).toString('hex'),
      action: 'token.reset',
      target: file === undefined ? 'passphrase' : 'token',
      address: undefined,
    });
    await print(said).catch(() => {
      throw new FatalError(`the token was reset, but this cannot be printed${elsewhere}`);
    });
    return 0;
  },
};

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

async function renewPassphrase(context: ApplianceContext): Promise<string> {
  const passphrase = await resetToken(context, context.gate.firstRun);
  return `The API token is void. Set a new one with this passphrase as the token:\n\n  ${passphrase}\n\n`;
}

async function replace({ operations }: ApplianceContext, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FatalError(`--token-file cannot be read: ${messageOf(error)}`);
  });
  const newToken = firstLine(text);
  await operations.setToken(newToken, 'any').catch((error: unknown) => {
    if (!(error instanceof AdminError)) throw error;
    throw new FatalError(
      'the first line of --token-file must be 1 to 255 printable ASCII characters, no spaces',
    );
  });
  return 'The API token was replaced\n';
}
