import { onOwnMachine } from '../support/own-machine.js';
import { testWithMount } from '../support/test-with-mount.js';

const VERSION = '/opt/jidoteki/tinyadmin/etc/version.txt';

const HELPERS = `plant() { echo 1.0.0 >${VERSION}; chown 1234 ${VERSION}; chmod 666 ${VERSION}; }
show() { stat -c %u:%a ${VERSION}; }
`;
const onAppliance = (script: string) => onOwnMachine(HELPERS + script);

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
