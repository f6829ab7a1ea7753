import { poll } from '../support/poll.js';
import { jobSettled, type Appliance } from './support/appliance.js';
import { describeAppliance } from './support/describe-appliance.js';
import { endSlowUpdate, startSlowUpdate } from './support/slow-update.js';

const ADMIN = '/opt/jidoteki/tinyadmin';

describeAppliance(
  'the units',
  (test) => {
    for (const verb of ['restart', 'stop']) {
      test(`${verb} with a job running: the job goes on to its end`, async (appliance) => {
        const { machine } = appliance;
        await startSlowUpdate(appliance);
        await machine.run(`systemctl ${verb} admind`);
        expect(await machine.run(`cat ${ADMIN}/etc/status_update.txt`)).toBe('running\n');
        await endSlowUpdate(appliance);
        await machine.run('systemctl start admind');
        await appliance.waitUntilReady();
        expect(await appliance.getJson('/update')).toMatchObject({ status: 'success', percentage: 100 });
      });
    }

    test('a daemon that is killed, again and again, comes back', async (appliance) => {
      const { machine } = appliance;
      for (let round = 0; round < 3; round += 1) {
        const before = await mainPid(appliance);
        await machine.run(`kill -9 ${before}`);
        await poll('another daemon runs', async () => !['0', before].includes(await mainPid(appliance)));
      }
      await appliance.waitUntilReady();
      await poll('it is ready', async () => (await machine.attempt('systemctl is-active admind')).code === 0);
      expect(await machine.run('systemctl is-active admind-job.socket')).toBe('active\n');
    });

    test('a daemon that hangs is restarted by the watchdog', async (appliance) => {
      const { machine } = appliance;
      // Sooner than in earnest.
      await machine.run(`mkdir -p /run/systemd/system/admind.service.d
        printf '[Service]\\nWatchdogSec=4\\n' >/run/systemd/system/admind.service.d/test.conf
        systemctl daemon-reload; systemctl restart admind`);
      await appliance.waitUntilReady();
      const before = await mainPid(appliance);
      await machine.run(`kill -STOP ${before}`);
      await poll('another daemon runs', async () => !['0', before].includes(await mainPid(appliance)));
      await appliance.waitUntilReady();
      await machine.run('rm -r /run/systemd/system/admind.service.d; systemctl daemon-reload');
    });

    test('a full disk: the API answers, a job fails and says why, and works again with room', async (appliance) => {
      const { machine } = appliance;
      const upload = await appliance.writeFile('license.asc', { app: 'x' });
      await machine.run(`mkdir -p /data; mount -t tmpfs -o size=8m small ${ADMIN}/home
        mkdir -p ${ADMIN}/home/sftp/uploads ${ADMIN}/home/incoming
        systemctl restart admind; head -c 20000000 /dev/zero >${ADMIN}/home/full || :`);
      await appliance.waitUntilReady();
      const refused = await appliance.tryAdminCurl('POST', '/license', '-F', `license=@${upload}`);
      expect(refused.code).not.toBe(0);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      await machine.run(`rm ${ADMIN}/home/full`);
      await appliance.adminCurl('POST', '/license', '-F', `license=@${upload}`);
      await machine.run(`umount -l ${ADMIN}/home; systemctl restart admind`);
      await appliance.waitUntilReady();
    });

    test('a read-only /usr: the daemon starts, and jobs run', async (appliance) => {
      const { machine } = appliance;
      // What belongs to the appliance lies below /usr/local and stays writable, as on images that are made so.
      await machine.run(`mount --bind /usr/local /usr/local; mount --bind /usr /usr; mount --bind /usr/local /usr/local
        mount -o remount,bind,ro /usr; ! touch /usr/planted 2>/dev/null; systemctl restart admind`);
      await appliance.waitUntilReady();
      const storage = { storage: { type: 'local' } };
      const settings = await appliance.writeFile('storage.json', storage);
      await appliance.adminCurl('POST', '/storage', '-F', `settings=@${settings}`);
      await jobSettled(appliance, 'storage', 'success');
    });

    test('no network at boot: the daemon serves as soon as there is one', async (appliance) => {
      const { machine } = appliance;
      await machine.run('systemctl disable vendor-network; rm -f /etc/systemd/system/vendor-network.service');
      await machine.shutDown();
      await machine.start();
      expect(await machine.run('systemctl is-active admind')).toBe('active\n');
      expect((await appliance.curl('/api/v1/admin/')).status).toBe(0);
      await machine.run(`${ADMIN}/bin/network.sh static`);
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
    });
  },
  { hasToken: true },
);

async function mainPid({ machine }: Appliance): Promise<string> {
  return (await machine.run('systemctl show --value --property MainPID admind')).trim();
}
