import { constants, open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { composeBanner, readConsoleFacts } from '../appliance/console.js';
import type { Paths } from '../config/paths.js';
import { productVersion } from '../config/product-version.js';
import { readTextFile, writeFileAtomic } from '../system/atomic-file.js';
import { parseOptions, type Command } from './command.js';
import { namedRoot, openAppliance } from './open-appliance.js';

const HELP = `Usage: admind console-banner [--root DIR] [--publish]

Prints what stands on the console: where the API is reached, the SHA-256 fingerprint of its certificate and, until the
first set-up, the passphrase for it.

  --publish   puts it, where it has changed, on the console and into /run/issue.d, where the login prompt takes it from;
              admind-console.service does this when an address, the certificate or the passphrase changes
  --root DIR  the appliance under DIR (or ADMIND_ROOT)
`;

/** It may hold the passphrase. */
const MODE = 0o600;

export const consoleBanner: Command = {
  summary: 'print address, fingerprint and first-run passphrase',
  async run(args) {
    const { values } = parseOptions(() =>
      parseArgs({
        args: [...args],
        options: {
          root: { type: 'string' },
          publish: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h' },
        },
      }),
    );
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const { paths, settings } = openAppliance(namedRoot(values.root), 'console', 'console-banner');
    const banner = composeBanner(await readConsoleFacts(paths, settings), productVersion());
    if (values.publish) await publish(banner, paths);
    else process.stdout.write(banner);
    return 0;
  },
};

async function publish(banner: string, { issue, console }: Paths): Promise<void> {
  if ((await readTextFile(issue)) === banner) return;
  await writeFileAtomic(issue, banner, { mode: MODE });
  // A machine may have no console, or one that takes nothing.
  const flags = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK | constants.O_APPEND;
  const terminal = await open(console, flags).catch(() => undefined);
  await terminal?.write(`\n${banner}`).catch(() => undefined);
  await terminal?.close();
}
