import { resolve } from 'node:path';
import { run } from './run-program.js';

/** This machine as an appliance, for one shell: what it writes there vanishes with it. */
const APPLIANCE = `set -e
for directory in /opt /usr/local/etc /var/lib /run; do mount -t tmpfs tmpfs "$directory"; done
mkdir -p /var/lib/admind /opt/jidoteki/tinyadmin/etc
mount -t tmpfs -o size=64k tmpfs /var/lib/admind
{ cat /etc/passwd; echo admind:x:4321:4321::/nonexistent:/bin/false; } >/run/passwd
mount --bind /run/passwd /etc/passwd
prepare() { '${process.execPath}' '${resolve('dist/cli.js')}' prepare "$@"; }
privileged() { SUDO_UID=4321 '${process.execPath}' '${resolve('dist/privileged.js')}'; }
`;

/**
 * Runs a shell script, as root, with this machine as an appliance whose daemon is the user 4321; `prepare` and `privileged`, which
 * takes an order, are commands there. @returns what it printed @throws Error with what it complained of
 */
export function onOwnMachine(script: string): Promise<string> {
  return run('unshare', '-m', 'sh', '-c', APPLIANCE + script);
}
