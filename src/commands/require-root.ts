import { FatalError } from '../core/errors.js';

/**
 * For a command that changes the appliance's files.
 *
 * @param command as it is typed after `admind`
 * @param root of a sandbox, whose files belong to whoever serves it; undefined for this machine
 * @throws FatalError on the machine itself for everyone but root
 */
export function requireRoot(command: string, root?: string): void {
  if (root === undefined && process.geteuid?.() !== 0)
    throw new FatalError(`${command} has to run as root: try sudo admind ${command}`);
}
