import { parseArgs } from 'node:util';
import { restoreOwnership } from '../appliance/ownership.js';
import { DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { prepareAppliance, removeLeftovers } from '../prepare.js';
import { parseOptions, type Command } from './command.js';
import { openAppliance } from './open-appliance.js';

const HELP = `Usage: admind prepare [--running | --undo]

Prepares this machine, as root, for a daemon that runs as the user admind: makes directories, the first-run passphrase
and a self-signed certificate where they are missing, removes what a crash has left, and gives each file to the side
that works with it: the daemon's user can write its uploads and its audit log, nothing else. admind.service does this before
each start, and, with --running, before each reload.

  --running  for a daemon that runs: removes nothing, as it may be in use
  --undo     puts owners and modes back as they were, for another program that administers this appliance

Environment: JIDO_ADMIN_PATH, the admin directory (default ${DEFAULT_ADMIN_PATH})
`;

export const prepare: Command = {
  summary: 'prepare this machine for a daemon without privileges',
  async run(args) {
    const { values } = parseOptions(() =>
      parseArgs({
        args: [...args],
        options: {
          running: { type: 'boolean' },
          undo: { type: 'boolean' },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const context = openAppliance(undefined, 'web', 'prepare');
    // Directories have to be passable for the daemon's user, whatever the unit or the shell says.
    process.umask(0o022);
    if (values.undo === true) {
      await restoreOwnership(context.paths);
    } else {
      await prepareAppliance(context);
      if (values.running !== true) await removeLeftovers(context);
    }
    return 0;
  },
};
