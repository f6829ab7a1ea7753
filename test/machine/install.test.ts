import { readFile } from 'node:fs/promises';
import { poll } from '../support/poll.js';
import { jobSettled, type Appliance } from './support/appliance.js';
import { repackage } from './support/debian-package.js';
import { describeAppliance } from './support/describe-appliance.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const LICENSE = { app: 'enterprise' };
const KEPT = [
  `${ADMIN}/etc/api.token`,
  `${ADMIN}/etc/license.asc`,
  '/usr/local/etc/network.conf',
  '/usr/local/etc/pki/tls/enterprise.pem',
  '/usr/local/etc/jidoteki-admin-api.json',
];
const NEWER = '9.1.0';
const NEWEST = '9.2.0';

describeAppliance(
  'the package',
  (test) => {
    test('installs where the admin directory has next to nothing, and the API answers', async (appliance) => {
      const { machine } = appliance;
      await machine.run(`rm -r ${ADMIN}/home`);
      await appliance.install(appliance.package);
      await appliance.waitUntilReady();
      expect((await appliance.curl('/api/v1/admin/version')).status).toBe(403);
      expect(await machine.run('systemctl is-active admind admind-job.socket')).toBe('active\nactive\n');
      expect(await machine.run('systemctl is-system-running')).toBe('running\n');
    });

    test('exposes 1.5 or less, without a capability, as its own user', async ({ machine }) => {
      const report = await machine.run('systemd-analyze security --no-pager admind.service');
      const [, exposure = ''] = /Overall exposure level for admind\.service: ([\d.]+)/.exec(report) ?? [];
      expect(Number(exposure)).toBeLessThanOrEqual(1.5);
      expect(exposure).not.toBe('');
      const status = await machine.run(
        'id -u admind; cat /proc/$(systemctl show --value --property MainPID admind)/status',
      );
      expect(status).toMatch(new RegExp(`Uid:\t${status.split('\n')[0]}\t`));
      expect(status).toMatch(/CapEff:\t0+\n[^]*CapBnd:\t0+\n[^]*NoNewPrivs:\t1\nSeccomp:\t2/);
    });

    test('the operator sets the token once, and signs in', async (appliance) => {
      await appliance.setToken();
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      expect((await appliance.curl('/api/v1/admin/setup', '-F', 'newtoken=another')).status).toBe(403);
    });

    test('an update that installs a newer package ends with success, and the new version serves', async (appliance) => {
      await addState(appliance);
      const before = await state(appliance);
      const newer = await repackage(appliance.package, NEWER, appliance.workspace);
      const update = await appliance.vendor.makePackage(
        {
          'version.txt': '2.0.0\n',
          'update.sh': [
            'export DEBIAN_FRONTEND=noninteractive',
            'dpkg --install ./admind_*.deb',
            'cp version.txt "$JIDO_ADMIN_PATH/etc/version.txt"',
            'echo the daemon restarted: $(systemctl show --value --property NRestarts admind)',
            '',
          ].join('\n'),
        },
        [newer],
      );
      const [first] = await daemon(appliance);
      await appliance.adminCurl('POST', '/update', '-F', `update=@${update}`);
      await jobSettled(appliance, 'update', 'success');
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/update')).toMatchObject({ status: 'success', percentage: 100 });
      expect(await appliance.getJson('/version')).toEqual({ version: '2.0.0' });
      const [second, version] = await daemon(appliance);
      expect(second).not.toBe(first);
      expect(version).toBe(NEWER);
      expect(await state(appliance)).toEqual(before);
    });

    test('an upgrade keeps token, certificate, licence and settings', async (appliance) => {
      const before = await state(appliance);
      await appliance.install(await repackage(appliance.package, NEWEST, appliance.workspace));
      await appliance.waitUntilReady();
      expect((await daemon(appliance))[1]).toBe(NEWEST);
      expect(await state(appliance)).toEqual(before);
      expect(await appliance.getJson('/license')).toEqual(LICENSE);
    });

    test('a removal stops the daemon and leaves what is the appliance’s', async (appliance) => {
      const { machine } = appliance;
      const before = await state(appliance);
      await machine.run('dpkg --remove admind');
      expect((await appliance.curl('/api/v1/admin/')).status).toBe(0);
      expect(await state(appliance)).toEqual(before);
      expect((await machine.attempt('ls /usr/lib/admind /usr/bin/admind')).stdout).toBe('');
      expect(await machine.run('systemctl is-system-running || :; systemctl --failed --quiet')).toBe(
        'running\n',
      );
    });

    test('installed again it serves with the token of before; a purge removes what the package has made', async (appliance) => {
      const { machine } = appliance;
      await appliance.install(appliance.package);
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/license')).toEqual(LICENSE);
      await machine.run('dpkg --purge admind');
      const left = await machine.run(
        'ls -d /etc/admind /var/lib/admind /run/admind /usr/lib/admind /etc/systemd/system/*admind* ' +
          '/etc/systemd/system/*/admind* 2>/dev/null || :',
      );
      expect(left).toBe('');
      expect(await machine.run('dpkg-query --show admind 2>/dev/null || :')).toBe('');
      await poll('nothing answers', async () => (await appliance.curl('/api/v1/admin/')).status === 0);
    });
  },
  { isInstalled: false },
);

async function addState(appliance: Appliance): Promise<void> {
  const license = await appliance.writeFile('license.asc', LICENSE);
  await appliance.adminCurl('POST', '/license', '-F', `license=@${license}`);
}

async function state({ machine }: Appliance): Promise<string> {
  return machine.run(`sha256sum ${KEPT.join(' ')}`);
}

/** The process and the version of the daemon that serves. */
async function daemon({ machine }: Appliance): Promise<readonly [pid: string, version: string | undefined]> {
  const pid = (await machine.run('systemctl show --value --property MainPID admind')).trim();
  const text = await readFile(`${machine.root}/usr/lib/admind/package.json`, 'utf8');
  return [pid, (JSON.parse(text) as { version?: string }).version];
}
