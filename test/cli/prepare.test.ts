import { resolve } from 'node:path';
import { run } from '../support/run-program.js';
import { testWithMount } from '../support/test-with-mount.js';

const VERSION = '/opt/jidoteki/tinyadmin/etc/version.txt';

/** This machine as an appliance, for one shell: what it writes there vanishes with it. */
const APPLIANCE = `set -e
for directory in /opt /usr/local/etc /var/lib /run; do mount -t tmpfs tmpfs "$directory"; done
mkdir -p /var/lib/admind "$(dirname ${VERSION})"
mount -t tmpfs -o size=64k tmpfs /var/lib/admind
{ cat /etc/passwd; echo admind:x:4321:4321::/nonexistent:/bin/false; } >/run/passwd
mount --bind /run/passwd /etc/passwd
prepare() { '${process.execPath}' '${resolve('dist/cli.js')}' prepare "$@"; }
plant() { echo 1.0.0 >${VERSION}; chown 1234 ${VERSION}; chmod 666 ${VERSION}; }
show() { stat -c %u:%a ${VERSION}; }
`;
const onAppliance = (script: string) => run('unshare', '-m', 'sh', '-c', APPLIANCE + script);

testWithMount('a file system that became read-only keeps nothing from being served', async () => {
  const output = await onAppliance('prepare >/dev/null; plant; mount -o remount,ro /opt; prepare; show');
  expect(output).toMatch(/EROFS[^]*\n1234:666\n$/);
});

testWithMount('what cannot be recorded keeps its owner and its mode', async () => {
  const output = await onAppliance(`plant
    head -c 100000 /dev/zero >/var/lib/admind/full || :
    prepare; show
    rm /var/lib/admind/full
    prepare >/dev/null; show; prepare --undo >/dev/null; show`);
  expect(output).toMatch(/ENOSPC[^]*\n1234:666\n1234:644\n1234:666\n$/);
});
