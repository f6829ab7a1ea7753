import { join } from 'node:path';
import { poll } from '../support/poll.js';
import { command } from './support/command.js';
import { builtArchive } from './support/debian-package.js';
import {
  describePlainSystem,
  startDaemon,
  startPlainSystem,
  type PlainSystem,
} from './support/plain-system.js';
import { TOKEN } from './support/operator.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const SETTINGS = {
  network: { mode: 'static', ip_address: '192.0.2.10', hostname: 'old' },
  app: { name: 'kept' },
};
const STORAGE = { storage: { type: 'local' } };

/** As an existing appliance has it: its daemon's user is `admin`, and what that writes is its own. */
const LAY_OUT = `
getent group admin >/dev/null || groupadd --system --gid 997 admin
useradd --system --uid 997 --gid admin --no-create-home admin
cd ${ADMIN}
mkdir -p lib log tmp
printf '%s' '${TOKEN}' >etc/api.token
: >etc/api.token.setup
echo '${JSON.stringify(SETTINGS.network)}' >etc/network.json
echo '${JSON.stringify(SETTINGS.app)}' >etc/app.json
echo '${JSON.stringify(STORAGE)}' >etc/storage.json
echo '{"users":5}' >etc/license.asc
echo '{"status":"success","percentage":100}' >etc/status_update.json
for job in settings storage certs; do echo success >etc/status_$job.txt; done
echo failed >etc/status_logs.txt
echo '{"cpu":"of the vendor"}' >etc/health.json
echo '[1500000000][SYSTEM] Update successful' >log/update.log
echo '[1500000000][SYSTEM] Updating settings successful' >log/update_settings.log
echo '1500000000.000000001,0123456789abcdef,web,admin,reboot.post,""' >log/jidoteki-audit.log
echo archive >home/sftp/uploads/backup.tar
echo '{"status":"success","filesize":"12K","sha256":"abc"}' >home/sftp/uploads/backup.json
chown -R admin:admin .
chmod 0775 . bin etc lib log tmp home home/sftp
chmod 0770 home/sftp/uploads
chmod 0644 etc/* log/* home/sftp/uploads/*
chmod 0640 etc/*.json etc/license.asc etc/updates.key
chmod 0644 etc/status_update.json etc/health.json
chmod 0660 etc/api.token etc/api.token.setup
chmod 0664 log/update.log
cd /usr/local/etc
echo 'type="local"' >storage.conf
mkdir -p pki/tls/private pki/tls/certs pki/tls/cacerts
openssl req -x509 -newkey rsa:2048 -nodes -days 300 -subj /CN=old.example \\
  -keyout pki/tls/private/enterprise.key -out pki/tls/certs/enterprise.crt 2>/dev/null
cat pki/tls/private/enterprise.key pki/tls/certs/enterprise.crt >pki/tls/enterprise.pem
chown root:admin network.conf storage.conf
chown -R admin:admin pki
chmod 0640 network.conf storage.conf pki/tls/private/* pki/tls/certs/* pki/tls/enterprise.pem`;

const LIST = `find ${ADMIN} /usr/local/etc -printf '%p %y %u:%g %m '  -exec sh -c 'test -f "$0" && sha256sum <"$0" || echo' {} \\;`;

describePlainSystem('over an existing appliance', () => {
  let system: PlainSystem;
  let remove = () => Promise.resolve();
  let before: readonly string[];
  const list = async () => (await system.run(LIST)).trim().split('\n').sort();
  const read = (path: string) => system.run(`cat ${ADMIN}/${path}`);
  beforeAll(async () => {
    system = await startPlainSystem();
    remove = system.remove;
    const archive = await builtArchive();
    await system.run(LAY_OUT);
    before = await list();
    await system.run('mkdir /root/unpacked');
    await command('tar', ['-xzf', archive, '--strip-components=1', '-C', join(system.root, 'root/unpacked')]);
    await system.run('sh /root/unpacked/install.sh');
    await startDaemon(system);
    await system.writeFile('token.txt', TOKEN);
  });
  afterAll(() => remove());

  test('the token signs in, and what there was is served as it was', async () => {
    expect(await system.getJson('/version')).toEqual({ version: '1.0.0' });
    expect(await system.adminCurl('GET', '/changelog')).toBe('The first\n');
    expect(await system.getJson('/build')).toEqual({ image: 'appliance' });
    expect(await system.getJson('/settings')).toEqual(SETTINGS);
    expect(await system.getJson('/storage')).toEqual({ ...STORAGE, options: ['local', 'nfs'] });
    expect(await system.getJson('/license')).toEqual({ users: 5 });
    expect(await system.getJson('/update')).toMatchObject({
      ...{ status: 'success', percentage: 100, log: '[1500000000][SYSTEM] Update successful\\n' },
    });
    expect(await system.getJson('/backup')).toMatchObject({
      status: 'success',
      filesize: '12K',
      sha256: 'abc',
    });
    expect((await system.curl('/api/v1/admin/setup', '-F', 'newtoken=another')).status).toBe(403);
  });

  test('its certificate is served, its logs go on, and statuses read as before', async () => {
    const shown = await system.run(
      'openssl x509 -noout -fingerprint -sha256 </usr/local/etc/pki/tls/certs/enterprise.crt',
    );
    expect(await system.servedFingerprint()).toBe(shown.trim().replace(/^.*=/, ''));
    expect(await read('log/jidoteki-audit.log')).toMatch(
      /^1500000000\.000000001,.*\n[^]*token\.setup\.failed/,
    );
    expect(await read('etc/status_logs.txt')).toBe('failed\n');
  });

  test('removed without having done anything, it leaves every file as it was', async () => {
    await uninstall(system);
    const after = await list();
    const changed = (line: string) => line.startsWith(`${ADMIN}/log/jidoteki-audit.log `);
    expect(after.filter((line) => before.includes(line))).toEqual(before.filter((line) => !changed(line)));
    const added = after.filter((line) => !before.includes(line)).map((line) => line.split(' ')[0]);
    const own = ['home/incoming', 'home/taken', 'lib/journals', 'lib/locks', 'log/jidoteki-audit.log'];
    expect(added.filter((path) => !path?.includes('/lib/locks/'))).toEqual(
      own.map((name) => `${ADMIN}/${name}`),
    );
    expect(after.find(changed)).toContain('f admin:admin 644 ');
  });

  test('after jobs that wrote files anew, the original’s user can write them all', async () => {
    await system.run('sh /root/unpacked/install.sh');
    await startDaemon(system);
    const network = {
      interface: 'host0',
      hostname: 'new',
      ip_address: '192.0.2.20',
      netmask: '255.255.255.0',
    };
    const settings = await system.writeFile('settings.json', {
      ...{ network: { ...network, gateway: '192.0.2.1' }, app: { name: 'new' } },
    });
    await system.adminCurl('POST', '/settings', '-F', `settings=@${settings}`);
    await poll(
      'the settings are applied',
      async () =>
        (await read('log/update_settings.log')).endsWith('Updating settings successful\n') &&
        (await read('etc/status_settings.txt')) === 'success\n' &&
        (await read('etc/app.json')).includes('new'),
    );
    const license = await system.writeFile('license.asc', { users: 9 });
    await system.adminCurl('POST', '/license', '-F', `license=@${license}`);
    await system.adminCurl('--wait', 'POST', '/backup', '-F', 'action=START');
    await system.adminCurl('GET', '/debug', '-o', '/dev/null');
    const next = await system.writeFile('next', 'a-later-token');
    await system.adminCurl('POST', '/setup', '-F', `newtoken=<${next}`);
    await uninstall(system);
    const notItsOwn = `find ${ADMIN} -type f ! -user admin ! -path '*/lib/*'`;
    expect(await system.run(notItsOwn)).toBe('');
    const writable = await system.attempt(
      `cd ${ADMIN}; for file in etc/* log/* home/sftp/uploads/*; do test -w "$file" || echo "$file"; done`,
      { user: 'admin' },
    );
    expect(writable).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(
      await system.run(
        `cd ${ADMIN}; stat -c '%U:%G %a' . etc home/sftp/uploads etc/api.token etc/network.json`,
      ),
    ).toBe('admin:admin 775\nadmin:admin 775\nadmin:admin 770\nadmin:admin 660\nadmin:admin 640\n');
    expect(await read('etc/api.token')).toMatch(/^a-later-token\n?$/);
    expect(await system.run("stat -c '%U:%G %a' /usr/local/etc/network.conf")).toBe('root:admin 640\n');
  });
});

async function uninstall(system: PlainSystem): Promise<void> {
  await system.run('sh /usr/lib/admind/scripts/install.sh --uninstall');
  await poll('the daemon has stopped', async () => (await system.curl('/healthz')).status === 0);
}
