import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtArchive } from './support/debian-package.js';
import { describeAppliance } from './support/describe-appliance.js';

const UNITS =
  'admind.service admind-job.socket admind-provision.service admind-console.path admind-certificate.timer';

describeAppliance(
  'install.sh where systemd runs',
  (test) => {
    test('installs, enables and starts everything, and the API does jobs', async (appliance) => {
      const { machine } = appliance;
      await copyFile(await builtArchive(), join(machine.root, 'root/admind.tar.gz'));
      await machine.run(
        'mkdir unpacked; tar -xzf admind.tar.gz -C unpacked --strip-components=1; sh unpacked/install.sh',
      );
      await appliance.waitUntilReady();
      expect(await machine.run(`systemctl is-enabled ${UNITS}`)).toBe('enabled\n'.repeat(5));
      await appliance.setToken();
      const license = await appliance.writeFile('license.asc', { app: 'x' });
      await appliance.adminCurl('POST', '/license', '-F', `license=@${license}`);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
    });

    test('an upgrade restarts the daemon and keeps the token', async (appliance) => {
      const { machine } = appliance;
      const pid = () => machine.run('systemctl show --value --property MainPID admind');
      const before = await pid();
      await machine.run('sh unpacked/install.sh');
      await appliance.waitUntilReady();
      expect(await pid()).not.toBe(before);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
    });

    test('is taken away again', async (appliance) => {
      const { machine } = appliance;
      await machine.run('sh unpacked/install.sh --uninstall');
      expect((await appliance.curl('/healthz')).status).toBe(0);
      const left =
        'ls -d /usr/bin/admind /usr/lib/admind* /usr/local/bin/admind /usr/local/lib/admind* 2>/dev/null || :';
      expect(await machine.run(left)).toBe('');
      expect(await machine.run("systemctl list-unit-files --no-legend 'admind*' || :")).toBe('');
      expect(await machine.run('cat /opt/jidoteki/tinyadmin/etc/api.token')).not.toBe('');
    });
  },
  { isInstalled: false },
);
