import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../support/poll.js';
import { SECOND_ADDRESS, type Appliance } from './support/appliance.js';
import { command } from './support/command.js';
import { describeAppliance } from './support/describe-appliance.js';
import { fingerprintOf, TOKEN } from './support/operator.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const ITEMS = '/usr/local/etc/admind/provision.d';
const KERNEL_TOKEN = 'token-of-the-hypervisor';
const SETTINGS = {
  network: {
    ...{ interface: 'host0', hostname: 'appliance', ip_address: SECOND_ADDRESS, netmask: '255.255.255.0' },
    gateway: '198.51.100.1',
  },
  app: {},
};

describeAppliance(
  'the first boot',
  (test) => {
    test('the console shows the address, the fingerprint and the passphrase for the set-up', async (appliance) => {
      const { machine } = appliance;
      await machine.run(`printf '{"first-run":{"enabled":true}}' >/usr/local/etc/jidoteki-admin-api.json
        systemctl restart admind`);
      await appliance.waitUntilReady();
      const passphrase = (await machine.run(`cat ${ADMIN}/etc/api.token.setup`)).trim();
      await poll('the passphrase is on the console', () =>
        Promise.resolve(machine.console().includes(`Set-up passphrase    ${passphrase}`)),
      );
      expect(machine.console()).toContain(`https://${appliance.address}:8443`);
      expect(machine.console()).toContain(await appliance.servedFingerprint());
      expect(await machine.run('stat -c "%a %U" /run/issue.d/admind.issue')).toBe('600 root\n');
      expect((await machine.run('journalctl --no-pager -o cat')).includes(passphrase)).toBe(false);
      await changeToken(appliance, passphrase, TOKEN);
      await poll('the passphrase is gone', async () => {
        const issue = await machine.run('cat /run/issue.d/admind.issue');
        return !issue.includes('passphrase') && issue.includes(`https://${appliance.address}:8443`);
      });
    });

    test('what is provisioned is applied at boot, before the API answers', async (appliance) => {
      const { machine } = appliance;
      const certificate = await putItems(appliance);
      const log = await bootAgain(appliance, SECOND_ADDRESS);
      expect(log).toMatch(
        /admind\.token was applied\n.*20-settings\.json was applied\n.*50-certs was applied\n.*60-license\.asc was not applied: .*\n$/,
      );
      await writeFile(appliance.tokenFile, KERNEL_TOKEN);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      expect(await appliance.servedFingerprint()).toBe(await fingerprintOf(certificate));
      expect(await machine.run('systemctl is-failed admind-provision')).toBe('failed\n');
      expect(await machine.run(`ls ${ITEMS}`)).toBe('60-license.asc\n');
      const secrets = await machine.run(`journalctl --no-pager -o cat; cat ${ADMIN}/log/*.log`);
      expect(secrets.includes(KERNEL_TOKEN)).toBe(false);
    });

    test('the next boot applies what failed, and nothing again', async (appliance) => {
      const { machine } = appliance;
      const token = 'chosen-by-the-operator';
      await changeToken(appliance, KERNEL_TOKEN, token);
      await machine.run(`printf '{"app":"x"}' >${ITEMS}/60-license.asc`);
      expect(await bootAgain(appliance, SECOND_ADDRESS)).toMatch(/^\S+ 60-license\.asc was applied\n$/);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      expect(await machine.run('systemctl is-system-running')).toBe('running\n');
    });

    test('a lost token is reset by root alone', async (appliance) => {
      const { machine } = appliance;
      const asOther = await machine.attempt(
        'setpriv --reuid=admind --clear-groups --regid=admind admind token reset',
      );
      expect([asOther.code, asOther.stderr]).toEqual([
        1,
        'admind: token reset has to run as root: try sudo admind token reset\n',
      ]);
      const said = await machine.run('admind token reset');
      const [, passphrase = ''] = /\n {2}(\S+)\n/.exec(said) ?? [];
      expect((await appliance.tryAdminCurl('GET', '/version')).code).not.toBe(0);
      await changeToken(appliance, passphrase, 'found-again');
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      expect(await machine.run(`cat ${ADMIN}/log/jidoteki-audit.log`)).toMatch(
        /,console,admin,token\.reset,/,
      );
    });
  },
  { bootArguments: [`admind.token=${KERNEL_TOKEN}`] },
);

/** Settings and certificates that are right, and a licence that `license.sh` refuses. @returns the certificate */
async function putItems({ machine, workspace }: Appliance): Promise<string> {
  const [key, certificate] = ['first.key', 'first.pem'].map((name) => join(workspace, name));
  const subject = ['-subj', '/CN=appliance.example', '-days', '30'];
  await command('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject],
    ...['-keyout', key!, '-out', certificate!],
  ]);
  const put = (name: string, input: string) =>
    machine.run(`umask 077; mkdir -p "$(dirname ${ITEMS}/${name})"; cat >${ITEMS}/${name}`, { input });
  const read = (file: string) => command('cat', [file]);
  await put('20-settings.json', JSON.stringify(SETTINGS));
  await put('50-certs/public.pem', await read(certificate!));
  await put('50-certs/private.pem', await read(key!));
  await put('60-license.asc', 'no JSON');
  return read(certificate!);
}

async function changeToken(appliance: Appliance, current: string, next: string): Promise<void> {
  await writeFile(appliance.tokenFile, current);
  const file = await appliance.writeFile('new-token', next);
  await appliance.adminCurl('POST', '/setup', '-F', `newtoken=<${file}`);
  await writeFile(appliance.tokenFile, next);
}

/** @returns what provisioning logged at that boot */
async function bootAgain(appliance: Appliance, address: string): Promise<string> {
  const { machine } = appliance;
  const log = `${ADMIN}/log/provision.log`;
  const earlier = (await machine.attempt(`cat ${log}`)).stdout;
  const before = await machine.bootId();
  await machine.run('systemctl --no-block reboot');
  await machine.waitForBoot(before);
  appliance.address = address;
  await appliance.waitUntilReady();
  return (await machine.run(`cat ${log}`)).slice(earlier.length);
}
