import { basename } from 'node:path';
import { openBundle } from '../package/open-bundle.js';
import { formatBundle } from './bundle-report.js';
import { withSubcommands, type Subcommand } from './subcommands.js';

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  open: {
    summary: 'Decrypts a debug bundle and extracts what it holds.',
    options: { key: 'FILE' },
    optional: { dir: 'DIR' },
    operand: 'BUNDLE',
    notes: [
      '',
      '  --key FILE  the RSA private key (PEM) that belongs to updates.pub on the appliance',
      '  --dir DIR   where to extract to; it must not exist (default: the name of the bundle, without .tar)',
    ],
    example: 'admind bundle open debug-bundle.tar --key updates.private.pem',
    async run({ BUNDLE: bundleFile = '', key = '', dir }) {
      const directory = dir ?? directoryFor(bundleFile);
      return formatBundle(await openBundle({ bundleFile, privateKeyFile: key, directory }), directory);
    },
  },
};

/** `admind bundle <subcommand>`, for the vendor's support. */
export const bundleCommand = withSubcommands('bundle', 'open debug bundles', SUBCOMMANDS);

/** In the current directory, where the bundle itself may lie. */
function directoryFor(bundleFile: string): string {
  const name = basename(bundleFile);
  return name.endsWith('.tar') ? name.slice(0, -'.tar'.length) : `${name}.opened`;
}
