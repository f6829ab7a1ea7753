import { resolve } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { createContext, type ApplianceContext } from '../context.js';
import { FatalError } from '../core/errors.js';
import type { Channel } from '../records/audit-log.js';

/** The directory that `--root`, else `ADMIND_ROOT`, names; undefined for the machine itself. */
export function namedRoot(option: string | undefined): string | undefined {
  const named = option ?? process.env.ADMIND_ROOT;
  return named ? resolve(named) : undefined;
}

/**
 * The appliance in `root`, or this machine, for a command.
 *
 * @param asRoot the command, as it is typed after `admind`, if only root may use it on the machine itself
 * @throws FatalError for another user, and for settings that are not allowed
 */
export function openAppliance(root: string | undefined, channel: Channel, asRoot?: string): ApplianceContext {
  if (asRoot !== undefined) requireRoot(asRoot, root);
  return createContext({
    root,
    adminPath: process.env.JIDO_ADMIN_PATH || DEFAULT_ADMIN_PATH,
    channel,
  });
}

/** The files of a sandbox belong to whoever serves it. */
function requireRoot(command: string, root: string | undefined): void {
  if (root === undefined && process.geteuid?.() !== 0)
    throw new FatalError(`${command} has to run as root: try sudo admind ${command}`);
}
