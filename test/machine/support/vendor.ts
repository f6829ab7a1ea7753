import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../../src/config/paths.js';
import { EVERYTHING } from '../../support/appliance.js';
import { command } from './command.js';

/** The maker of the appliance, who holds keys that the appliance does not. */
export interface Vendor {
  readonly key: string;
  readonly privateKey: string;
  /** Makes an update package of these files and those of `directory`. @returns its path */
  makePackage(files: Readonly<Record<string, string>>, copies?: readonly string[]): Promise<string>;
}

const FIRST_NETWORK = 'mode=static\ninterface=host0\nip=192.0.2.10\nsubnet=255.255.255.0\nrouter=192.0.2.1\n';

/** Applies the settings for real; an address that is gone from them is gone from the device. */
const NETWORK_SH = `#!/bin/sh
set -eu
. /usr/local/etc/network.conf
ip address flush dev "$interface"
ip link set "$interface" up
[ -z "\${ip-}" ] || ip address add "$ip/$subnet" dev "$interface"
[ -z "\${router-}" ] || ip route replace default via "$router"
echo "Network switched to $mode"
`;

/** What root runs at boot on such an appliance. */
const NETWORK_UNIT = `[Unit]
DefaultDependencies=no
After=local-fs.target
Before=network.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/opt/jidoteki/tinyadmin/bin/network.sh static
[Install]
WantedBy=multi-user.target
`;

const FILES: Readonly<Record<string, string>> = {
  'etc/hostname': 'appliance\n',
  'usr/local/etc/network.conf': FIRST_NETWORK,
  'usr/local/etc/jidoteki-admin-api.json': EVERYTHING,
  'usr/local/etc/allservices.txt': 'admind\nsample-app\nabsent\n',
  'usr/local/etc/build.json': '{"image":"appliance"}\n',
  'usr/local/etc/storage-options.json': '{"options":["local","nfs"]}\n',
  'etc/systemd/system/vendor-network.service': NETWORK_UNIT,
  'etc/systemd/system/sample-app.service': '[Service]\nExecStart=/bin/sleep infinity\n',
  'data/app/records.txt': 'first\n',
  'var/log/sample-app.log': 'the sample application says hello\n',
};

const ADMIN_FILES: Readonly<Record<string, string>> = {
  'bin/network.sh': NETWORK_SH,
  'bin/storage.sh':
    '#!/bin/sh\n. /usr/local/etc/storage.conf\necho "$type by $(id -u)" >/data/storage-applied\n',
  'bin/license.sh': '#!/bin/sh\ncat "${JIDO_ADMIN_PATH:?}/etc/license.asc"\n',
  'etc/version.txt': '1.0.0\n',
  'etc/changelog.txt': 'The first\n',
  'etc/backup.txt': 'app\n',
  'etc/logs.txt': '/var/log/sample-app.log\n',
  'etc/debug.txt': 'id -un\nip -brief address\n',
};

/** Makes a Debian root the root of an appliance, all but the daemon, as the vendor's image build does. */
export async function furnish(root: string, workspace: string): Promise<Vendor> {
  const admin = join(root, DEFAULT_ADMIN_PATH);
  for (const [name, content] of Object.entries(FILES)) await put(join(root, name), content);
  for (const [name, content] of Object.entries(ADMIN_FILES)) await put(join(admin, name), content);
  await mkdir(join(admin, 'home/sftp/uploads'), { recursive: true });
  await command('chroot', [root, 'systemctl', '--quiet', 'enable', 'vendor-network.service']);

  const keys = join(workspace, 'keys');
  const admind = (...args: string[]) => command(process.execPath, ['dist/cli.js', ...args]);
  await admind('package', 'keygen', '--dir', keys);
  const key = join(keys, 'updates.key');
  const privateKey = join(keys, 'updates.private.pem');
  for (const name of ['updates.key', 'updates.pub'])
    await copyFile(join(keys, name), join(admin, 'etc', name));
  let made = 0;
  return {
    key,
    privateKey,
    makePackage: async (files, copies = []) => {
      made += 1;
      const content = join(workspace, `payload-${made}`);
      for (const [name, text] of Object.entries(files)) await put(join(content, name), text);
      for (const file of copies) await command('cp', [file, content]);
      const out = join(workspace, `software_package-${made}.enc`);
      const signing = ['--key', key, '--private-key', privateKey, '--out', out];
      await admind('package', 'create', '--dir', content, ...signing);
      return out;
    },
  };
}

async function put(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  if (content.startsWith('#!')) await chmod(file, 0o755);
}
