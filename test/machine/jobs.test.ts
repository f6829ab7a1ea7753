import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../support/poll.js';
import { FIRST_ADDRESS, jobSettled, SECOND_ADDRESS } from './support/appliance.js';
import { command } from './support/command.js';
import { describeAppliance } from './support/describe-appliance.js';
import { fingerprintOf } from './support/operator.js';

const LICENSE = { app: 'enterprise', users: 20 };

describeAppliance(
  'jobs on a machine that is real',
  (test) => {
    test('settings: the address changes, and the machine is reachable at the new one only', async (appliance) => {
      const settings = await appliance.writeFile('settings.json', settingsFor(SECOND_ADDRESS));
      await appliance.adminCurl('POST', '/settings', '-F', `settings=@${settings}`);
      const earlier = appliance.address;
      appliance.address = SECOND_ADDRESS;
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/settings')).toMatchObject({ network: { ip_address: SECOND_ADDRESS } });
      expect(await appliance.machine.run('ip -brief -4 address show dev host0')).toMatch(
        /UP +198\.51\.100\.10\/24 *\n$/,
      );
      const gone = ['--silent', '--insecure', '--max-time', '2', `https://${earlier}:8443/`];
      expect((await appliance.machine.network.attempt('curl', gone)).code).not.toBe(0);
      await jobSettled(appliance, 'settings', 'success');
    });

    test('settings: when network.sh fails, the earlier address is back', async (appliance) => {
      const broken = settingsFor('203.0.113.300');
      const settings = await appliance.writeFile('settings.json', broken);
      await appliance.adminCurl('POST', '/settings', '-F', `settings=@${settings}`);
      await jobSettled(appliance, 'settings', 'failed');
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/settings')).toMatchObject({ network: { ip_address: SECOND_ADDRESS } });
    });

    test('storage: storage.sh runs as root, with the settings in place', async (appliance) => {
      const storage = { storage: { type: 'nfs', mount_options: 'sync', ip: '192.0.2.1', share: '/share' } };
      const settings = await appliance.writeFile('storage.json', storage);
      await appliance.adminCurl('POST', '/storage', '-F', `settings=@${settings}`);
      await jobSettled(appliance, 'storage', 'success');
      expect(await appliance.getJson('/storage')).toMatchObject(storage);
      expect(await appliance.machine.run('cat /data/storage-applied')).toBe('nfs by 0\n');
    });

    test('certs: new connections are shown the new certificate', async (appliance) => {
      const { workspace } = appliance;
      const [key, certificate] = ['appliance.key', 'appliance.pem'].map((name) => join(workspace, name));
      const subject = ['-subj', '/CN=appliance.example', '-days', '30'];
      const files = ['-keyout', key!, '-out', certificate!];
      await command('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files]);
      const expected = await fingerprintOf(await readFile(certificate!, 'utf8'));
      expect(await appliance.servedFingerprint()).not.toBe(expected);
      await appliance.adminCurl(
        ...['--wait', 'POST', '/certs', '-F', `public=@${certificate}`, '-F', `private=@${key}`],
      );
      await poll('it is shown', async () => (await appliance.servedFingerprint()) === expected);
    });

    test('license', async (appliance) => {
      const license = await appliance.writeFile('license.asc', LICENSE);
      expect(JSON.parse(await appliance.adminCurl('POST', '/license', '-F', `license=@${license}`))).toEqual(
        LICENSE,
      );
      expect(await appliance.getJson('/license')).toEqual(LICENSE);
    });

    test('backup, download, restore', async (appliance) => {
      const { machine, workspace } = appliance;
      await appliance.adminCurl('--wait', 'POST', '/backup', '-F', 'action=START');
      const archive = join(workspace, 'backup.tar');
      await appliance.adminCurl('GET', '/backup/download', '-o', archive);
      await machine.run('echo second >/data/app/records.txt');
      await appliance.adminCurl('POST', '/backup/restore', '-F', `archive=@${archive}`);
      expect(await machine.run('cat /data/app/records.txt')).toBe('first\n');
      await appliance.adminCurl('POST', '/backup', '-F', 'action=STOP');
      expect((await appliance.tryAdminCurl('GET', '/backup/download')).code).not.toBe(0);
    });

    test('logs: those of the daemon and those of the applications', async (appliance) => {
      const archive = join(appliance.workspace, 'logs.tar.gz');
      await appliance.adminCurl('GET', '/logs', '-o', archive);
      const members = await command('tar', ['-tzf', archive]);
      expect(members).toContain('opt/jidoteki/tinyadmin/log/jidoteki-audit.log');
      expect(members).toContain('var/log/sample-app.log');
    });

    test('debug: the vendor reads what its commands printed', async (appliance) => {
      const bundle = join(appliance.workspace, 'debug-bundle.tar');
      const opened = join(appliance.workspace, 'debug');
      await appliance.adminCurl('GET', '/debug', '-o', bundle);
      const open = ['dist/cli.js', 'bundle', 'open', bundle, '--key', appliance.vendor.privateKey];
      await command(process.execPath, [...open, '--dir', opened]);
      const first = await command('find', [opened, '-name', 'debug-2.log', '-exec', 'cat', '{}', ';']);
      expect(first).toContain(SECOND_ADDRESS);
    });

    test('services: those that systemd runs', async (appliance) => {
      await appliance.machine.run('systemctl start sample-app');
      expect(await appliance.getJson('/services')).toEqual({
        services: [
          expect.anything(),
          { admind: 'running' },
          { 'sample-app': 'running' },
          { absent: 'not running' },
        ],
      });
    });

    test('update: a signed package runs as root', async (appliance) => {
      const file = await appliance.vendor.makePackage({
        'version.txt': '1.1.0\n',
        // A file that is moved into place is new, with an owner and a mode of its own: the daemon has to read it.
        'update.sh':
          'cp version.txt "$JIDO_ADMIN_PATH/etc/new"\nmv "$JIDO_ADMIN_PATH/etc/new" "$JIDO_ADMIN_PATH/etc/version.txt"\n' +
          'id -u >/usr/local/new.txt\n',
      });
      await appliance.adminCurl('--wait', 'POST', '/update', '-F', `update=@${file}`);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.1.0' });
      expect(await appliance.machine.run('cat /usr/local/new.txt')).toBe('0\n');
    });

    test('update: a package that another one has signed is refused, and nothing of it is kept', async (appliance) => {
      const file = await appliance.vendor.makePackage({
        'version.txt': '1.2.0\n',
        'update.sh': 'touch /owned\n',
      });
      const bytes = await readFile(file);
      const middle = bytes.length >> 1;
      bytes[middle] = bytes[middle]! ^ 1;
      await writeFile(file, bytes);
      const { code } = await appliance.tryAdminCurl('--wait', 'POST', '/update', '-F', `update=@${file}`);
      expect(code).not.toBe(0);
      expect(await appliance.getJson('/update')).toMatchObject({ status: 'failed', 'error-code': 'E1005' });
      expect(await appliance.machine.run('ls /owned /opt/jidoteki/tinyadmin/tmp/update || :')).toBe('');
    });

    test('reboot: the machine really goes down and comes back, with a truthful status', async (appliance) => {
      const { machine } = appliance;
      const before = await machine.bootId();
      await appliance.adminCurl('GET', '/reboot');
      await machine.waitForBoot(before);
      await appliance.waitUntilReady();
      await jobSettled(appliance, 'reboot', 'success');
      expect(await appliance.getJson('/version')).toEqual({ version: '1.1.0' });
      expect(await appliance.getJson('/license')).toEqual(LICENSE);
      expect(await appliance.getJson('/settings')).toMatchObject({ network: { ip_address: SECOND_ADDRESS } });
    });
  },
  { hasToken: true },
);

function settingsFor(address: string) {
  const gateway = address === FIRST_ADDRESS ? '192.0.2.1' : '198.51.100.1';
  const network = {
    interface: 'host0',
    hostname: 'appliance',
    ip_address: address,
    netmask: '255.255.255.0',
  };
  return { network: { ...network, gateway }, app: { name: 'sample' } };
}
