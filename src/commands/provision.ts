import { parseArgs } from 'node:util';
import { DEFAULT_ADMIN_PATH } from '../config/paths.js';
import { prepareForJobs } from '../prepare.js';
import { provision } from '../provision/provision.js';
import { parseOptions, type Command } from './command.js';
import { namedRoot, openAppliance } from './open-appliance.js';

const HELP = `Usage: admind provision [--root DIR]

Sets this appliance up, as root, from what its image or its hypervisor has put there; admind-provision.service does this
at each boot, before the daemon starts. Applied once each, in this order:

  admind.token=TOKEN, admind.token-file=FILE    on the kernel's command line: the API token
  /usr/local/etc/admind/provision.d/…           in the order of the names' bytes:
    NN-token.txt       the API token, on the first line
    NN-settings.json   network and app settings, as POST /api/v1/admin/settings takes them
    NN-storage.json    storage settings
    NN-license.asc     the licence
    NN-certs/          public.pem, private.pem and, if there is one, ca.pem

NN is a number that gives an item its turn. Files must be root's, and writable by nobody else. What has been applied
is removed, and not applied again unless its content changes. The first failure ends it: nothing of that item has been
changed, and it is tried again at the next boot. Each result is in log/provision.log. Exit status 0 only if nothing is
left to be applied.

  --root DIR  the appliance under DIR (or ADMIND_ROOT)

Environment: JIDO_ADMIN_PATH, the admin directory (default ${DEFAULT_ADMIN_PATH})
`;

export const provisionCommand: Command = {
  summary: 'apply what lies in the provisioning directory',
  async run(args) {
    const { values } = parseOptions(() =>
      parseArgs({
        args: [...args],
        options: { root: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const context = openAppliance(namedRoot(values.root), 'provision', 'provision');
    // Directories have to be passable for the daemon's user, whatever the unit or the shell says.
    process.umask(0o022);
    await prepareForJobs(context);
    const isDone = await provision(context, (line) => void process.stdout.write(`${line}\n`));
    return isDone ? 0 : 1;
  },
};
