import { createPackage } from '../package/create.js';
import { inspectPackage } from '../package/inspect.js';
import { generateUpdateKeys } from '../package/keys.js';
import { formatReport, formatVerdict } from './package-report.js';
import { withSubcommands, type Subcommand, type Values } from './subcommands.js';

const KEYS_TO_OPEN = { key: 'FILE', 'public-key': 'FILE' };

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  keygen: {
    summary: 'Writes updates.key, updates.pub and updates.private.pem; never overwrites one.',
    options: { dir: 'DIR' },
    example: 'admind package keygen --dir keys',
    async run({ dir = '' }) {
      const keys = await generateUpdateKeys(dir);
      return [
        `${keys.key}  encrypts packages: keep it secret, install it on the appliances`,
        `${keys.publicKey}  verifies packages: install it on the appliances`,
        `${keys.privateKey}  signs packages: keep it secret, never install it`,
      ].join('\n');
    },
  },
  create: {
    summary: 'Packs, signs and encrypts the content of a directory (update.sh, version.txt, …).',
    options: { dir: 'DIR', key: 'FILE', 'private-key': 'FILE', out: 'FILE' },
    example:
      'admind package create --dir update --key updates.key --private-key updates.private.pem --out software_package-1.1.0.enc',
    async run({ dir = '', key = '', 'private-key': privateKey = '', out = '' }) {
      const options = { directory: dir, keyFile: key, privateKeyFile: privateKey, outputFile: out };
      const { sizeBytes, version } = await createPackage(options);
      return `${out}: ${version === undefined ? 'no version' : `version ${version}`}, ${sizeBytes} bytes`;
    },
  },
  inspect: {
    summary: 'Checks a package as an appliance would and lists what it holds.',
    options: KEYS_TO_OPEN,
    operand: 'PACKAGE',
    example: 'admind package inspect software_package-1.1.0.enc --key updates.key --public-key updates.pub',
    run: async (values) => formatReport(await inspectPackage(inspectOptions(values))),
  },
  verify: {
    summary: 'Checks a package as an appliance would; exit status 1 and the reason if it would be refused.',
    options: KEYS_TO_OPEN,
    operand: 'PACKAGE',
    example: 'admind package verify software_package-1.1.0.enc --key updates.key --public-key updates.pub',
    run: async (values) => formatVerdict(await inspectPackage(inspectOptions(values))),
  },
};

export const packageCommand = withSubcommands(
  'package',
  'make, inspect and verify update packages',
  SUBCOMMANDS,
);

function inspectOptions({ PACKAGE = '', key = '', 'public-key': publicKey = '' }: Values) {
  return { packageFile: PACKAGE, keyFile: key, publicKeyFile: publicKey };
}
