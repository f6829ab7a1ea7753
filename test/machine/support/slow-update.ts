import { poll } from '../../support/poll.js';
import { jobSettled, type Appliance } from './appliance.js';

/** Starts an update that waits until it is told to go on. */
export async function startSlowUpdate({ machine, vendor, adminCurl }: Appliance): Promise<void> {
  await machine.run('rm -f /run/go-on /run/begun /run/went-on');
  const file = await vendor.makePackage({
    'update.sh': 'touch /run/begun\nwhile [ ! -e /run/go-on ]; do sleep 0.1; done\ntouch /run/went-on\n',
  });
  await adminCurl('POST', '/update', '-F', `update=@${file}`);
  await poll('update.sh runs', async () => (await machine.attempt('test -e /run/begun')).code === 0);
}

/** Lets it go on, and sees it end well. */
export async function endSlowUpdate(appliance: Appliance): Promise<void> {
  await appliance.machine.run('touch /run/go-on');
  await jobSettled(appliance, 'update', 'success');
  await appliance.machine.run('test -e /run/went-on');
}
