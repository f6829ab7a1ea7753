import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { AdminError, FatalError, messageOf } from '../core/errors.js';
import { runAsRoot } from '../system/as-root.js';
import { parseOptions, UsageError, type Command } from './command.js';
import { namedRoot, openAppliance } from './open-appliance.js';
import { SSH_OPERATIONS, type SshOperation } from './ssh-operations.js';

/** What the sudo rule of an installed product allows its administrators. */
const INSTALLED = ['/usr/bin/admind', 'ssh-command'];

const HELP = `Usage: admind ssh-command [--root DIR] [ARGUMENT]

Does what an administrator asks for over SSH, through the same jobs and locks as the API. The forced command of a key:

  command="admind ssh-command" ssh-ed25519 …

The first word of SSH_ORIGINAL_COMMAND says what to do; its argument is the second word, or ARGUMENT. Files are taken
from the uploads directory, where SFTP puts them; a job that starts takes its files away.

${Object.entries(SSH_OPERATIONS)
  .map(([name, operation]) => `  ${usage(name, operation).padEnd(28)}${operation.summary}`)
  .join('\n')}

An account that is not root needs the rule that the package installs for sudo, for members of the group admin. The
job's log is shown as it grows. Exit status 0 only if the job succeeded.

  --root DIR  the appliance under DIR (or ADMIND_ROOT)

Environment: SSH_ORIGINAL_COMMAND, SSH_CONNECTION (for the audit log),
             JIDO_ADMIN_PATH, the admin directory (default ${DEFAULT_ADMIN_PATH})
`;

export const sshCommand: Command = {
  summary: 'do what SSH_ORIGINAL_COMMAND says (forced command of an SSH key)',
  async run(args) {
    const { values, positionals } = parseOptions(() =>
      parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { root: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const { env } = process;
    const { operation, argument, name } = parseCommand(env.SSH_ORIGINAL_COMMAND ?? '', positionals);
    const root = namedRoot(values.root);
    goOnUnheard();
    if (root === undefined && process.geteuid?.() !== 0) {
      const words = [name, argument].filter(Boolean).join(' ');
      const { SSH_CONNECTION } = env;
      return runAsRoot(INSTALLED, { SSH_ORIGINAL_COMMAND: words, SSH_CONNECTION }).catch((cause: unknown) => {
        throw new FatalError(`ssh-command needs root: ${messageOf(cause)}`);
      });
    }
    // What jobs make has to be passable for the daemon's user: sudo adds to its own umask that of the session.
    process.umask(0o022);
    const context = openAppliance(root, 'ssh');
    try {
      const succeeded = await operation.run({
        ...context,
        id: randomBytes(8).toString('hex'),
        address: clientAddress(env.SSH_CONNECTION),
        argument,
        write: (text) => void process.stdout.write(text),
      });
      return succeeded ? 0 : 1;
    } catch (error) {
      // As the API says it: these texts are meant for the administrator.
      if (error instanceof AdminError) throw new FatalError(error.message || `no ${name} on this appliance`);
      throw error;
    }
  },
};

/** sudo hands on what the administrator's own shell may have set: what is no address could be lines of the audit log. */
function clientAddress(connection = ''): string | undefined {
  const [address = ''] = connection.split(' ', 1);
  return isIP(address) === 0 ? undefined : address;
}

/** An administrator who hangs up cuts off what is shown, not what is done and recorded after that. */
function goOnUnheard(): void {
  process.stdout.on('error', () => undefined);
  process.on('SIGHUP', () => undefined);
}

function parseCommand(original: string, positionals: readonly string[]) {
  const [name = '', ...words] = original.split(/\s+/).filter(Boolean);
  const operation = Object.hasOwn(SSH_OPERATIONS, name) ? SSH_OPERATIONS[name] : undefined;
  if (!operation) {
    const what = name === '' ? 'SSH_ORIGINAL_COMMAND names no command' : `unknown command "${name}"`;
    throw new UsageError(`${what}. Allowed: ${Object.keys(SSH_OPERATIONS).join(', ')}`);
  }
  const [argument, ...more] = [...words, ...positionals];
  const allowed = operation.allowed ?? [];
  const known = allowed.find((value) => value.toLowerCase() === argument?.toLowerCase());
  const isMissing = argument === undefined && operation.needsArgument === true;
  if (isMissing || more.length > 0 || (argument !== undefined && known === undefined)) {
    throw new UsageError(`wrong argument. Usage: ${usage(name, operation)}`);
  }
  return { name, operation, argument: known };
}

function usage(name: string, { allowed, needsArgument = false }: SshOperation): string {
  if (!allowed) return name;
  return needsArgument ? `${name} ${allowed.join('|')}` : `${name} [${allowed.join('|')}]`;
}
