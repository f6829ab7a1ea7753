import { bundleCommand } from './bundle.js';
import { certificate } from './certificate.js';
import type { Command } from './command.js';
import { consoleBanner } from './console-banner.js';
import { packageCommand } from './package.js';
import { prepare } from './prepare.js';
import { provisionCommand } from './provision.js';
import { sign } from './sign.js';
import { sshCommand } from './ssh-command.js';
import { token } from './token.js';
import { waitReady } from './wait-ready.js';

/** Every command but the daemon, by name. */
export const commands: Readonly<Record<string, Command>> = {
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
