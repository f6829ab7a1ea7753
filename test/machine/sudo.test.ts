import { join } from 'node:path';
import { poll } from '../support/poll.js';
import { command } from './support/command.js';
import { builtArchive } from './support/debian-package.js';
import {
  describePlainSystem,
  startDaemon,
  startPlainSystem,
  stopDaemon,
  type PlainSystem,
} from './support/plain-system.js';
import { TOKEN } from './support/operator.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const PRIVILEGED = '/usr/lib/admind/bin/admind-privileged';
const SUDO = `/usr/bin/sudo -n ${PRIVILEGED}`;
const SERVICES = `echo '{"operation":"services"}' | `;

// Its arguments are in those of the shell that looks, too.
const FIND_PRIVILEGED = `for p in /proc/[0-9]*; do case $(readlink $p/exe) in */bin/node) ;; *) continue;; esac
  grep -q dist/privileged.js $p/cmdline || continue
  tr "\\0" "\\n" <$p/environ; grep -E "^(Umask|Uid)" $p/status; exit; done`;

describePlainSystem('without systemd, by sudo', () => {
  let system: PlainSystem;
  let remove = () => Promise.resolve();
  beforeAll(async () => {
    system = await startPlainSystem();
    remove = system.remove;
    const archive = await builtArchive();
    await system.run('mkdir /root/unpacked');
    await command('tar', ['-xzf', archive, '--strip-components=1', '-C', join(system.root, 'root/unpacked')]);
    await system.run('sh /root/unpacked/install.sh && visudo -c');
    await startDaemon(system);
  });
  afterAll(() => remove());

  // What is run, and the names below /tmp in it, is of the system under test, not of this machine.
  const daemonFile = (name: string) => system.run(`cat /proc/$(cat /tmp/admind.pid)/${name}`);
  /** Environment, user and mask of the process that waits for its order. */
  const showPrivileged = () =>
    poll('it runs', async () => (await system.attempt(`(${FIND_PRIVILEGED}) 2>/dev/null`)).stdout || false);
  const jobEnds = (job: string, status: string) =>
    poll(
      `${job} is ${status}`,
      async () => (await system.attempt(`cat ${ADMIN}/etc/status_${job}.txt`)).stdout.trim() === status,
    );

  test('the daemon runs as its own user, without a capability', async () => {
    const uid = (await system.run('id -u admind')).trim();
    expect(await daemonFile('status')).toMatch(new RegExp(`Uid:\t${uid}\t${uid}\t${uid}\t[^]*CapEff:\t0+\n`));
  });

  test('the token is set, by root, and is the daemon’s to read', async () => {
    await system.setToken();
    expect(await system.getJson('/version')).toEqual({ version: '1.0.0' });
    expect(await system.run(`cd ${ADMIN}/etc; stat -c '%U %a' api.token`)).toBe('admind 600\n');
    await system.adminCurl(
      'POST',
      '/setup',
      '-F',
      `newtoken=<${await system.writeFile('next', 'another-one')}`,
    );
    expect((await system.tryAdminCurl('GET', '/version')).code).not.toBe(0);
    await system.writeFile('token.txt', 'another-one');
    const first = await system.writeFile('first', TOKEN);
    await system.adminCurl('POST', '/setup', '-F', `newtoken=<${first}`);
    await system.writeFile('token.txt', TOKEN);
    expect(await system.getJson('/version')).toEqual({ version: '1.0.0' });
  });

  test('settings, storage, licence, services, backup, restore, logs and debug work', async () => {
    const network = { interface: 'host0', hostname: 'appliance', ip_address: '192.0.2.77' };
    const settings = { network: { ...network, netmask: '255.255.255.0', gateway: '192.0.2.1' }, app: {} };
    const file = await system.writeFile('settings.json', settings);
    await system.adminCurl('POST', '/settings', '-F', `settings=@${file}`);
    await jobEnds('settings', 'success');
    expect(await system.run('ip -brief -4 address show dev host0')).toContain('192.0.2.77/24');
    expect(await system.getJson('/settings')).toMatchObject({ network });

    const storage = { storage: { type: 'nfs', mount_options: 'sync', ip: '192.0.2.1', share: '/share' } };
    const storageFile = await system.writeFile('storage.json', storage);
    await system.adminCurl('POST', '/storage', '-F', `settings=@${storageFile}`);
    await jobEnds('storage', 'success');
    expect(await system.run('cat /data/storage-applied')).toBe('nfs by 0\n');

    const license = await system.writeFile('license.asc', { users: 7 });
    await system.adminCurl('POST', '/license', '-F', `license=@${license}`);
    expect(await system.getJson('/license')).toEqual({ users: 7 });

    await system.run(
      'mkdir -p /usr/local/etc/init.d; cd /usr/local/etc/init.d; printf "#!/bin/sh\necho sample-app is running\n" >sample-app; chmod 755 sample-app',
    );
    expect(await system.getJson('/services')).toMatchObject({
      services: expect.arrayContaining([{ 'sample-app': 'running' }]),
    });

    await system.adminCurl('--wait', 'POST', '/backup', '-F', 'action=START');
    const archive = join(system.workspace, 'backup.tar');
    await system.adminCurl('GET', '/backup/download', '-o', archive);
    await system.run('echo second >/data/app/records.txt');
    await system.adminCurl('POST', '/backup/restore', '-F', `archive=@${archive}`);
    expect(await system.run('cat /data/app/records.txt')).toBe('first\n');
    await system.adminCurl('POST', '/backup', '-F', 'action=STOP');
    expect((await system.tryAdminCurl('GET', '/backup/download')).code).not.toBe(0);

    const logs = join(system.workspace, 'logs.tar.gz');
    await system.adminCurl('GET', '/logs', '-o', logs);
    expect(await command('tar', ['-tzf', logs])).toContain('var/log/sample-app.log');
    const bundle = join(system.workspace, 'debug-bundle.tar');
    await system.adminCurl('GET', '/debug', '-o', bundle);
    expect(await command('tar', ['-tf', bundle])).toContain('debug.key.enc');
  });

  test('a signed update runs as root; one that is changed on the way does not', async () => {
    const good = await system.vendor.makePackage({
      'version.txt': '1.1.0\n',
      'update.sh': 'cp version.txt "$JIDO_ADMIN_PATH/etc/version.txt"; id -u >/usr/local/new.txt\n',
    });
    await system.adminCurl('--wait', 'POST', '/update', '-F', `update=@${good}`);
    expect(await system.getJson('/version')).toEqual({ version: '1.1.0' });
    expect(await system.run('cat /usr/local/new.txt')).toBe('0\n');
    await command('sh', ['-c', 'printf x | dd of="$0" bs=1 seek=300 conv=notrunc 2>/dev/null', good]);
    const { code } = await system.tryAdminCurl('--wait', 'POST', '/update', '-F', `update=@${good}`);
    expect(code).not.toBe(0);
    expect(await system.getJson('/update')).toMatchObject({ status: 'failed', 'error-code': 'E1005' });
  });

  test('a job outlives the daemon, which is killed, and the next one tells how it ended', async () => {
    const slow = await system.vendor.makePackage({
      'version.txt': '1.2.0\n',
      'update.sh':
        'until [ -e /tmp/go ]; do sleep 0.1; done; cp version.txt "$JIDO_ADMIN_PATH/etc/version.txt"\n',
    });
    await system.adminCurl('POST', '/update', '-F', `update=@${slow}`);
    await system.run('kill -9 $(cat /tmp/admind.pid)');
    await startDaemon(system);
    expect(await system.getJson('/update')).toMatchObject({ status: 'running' });
    await system.run('touch /tmp/go');
    await jobEnds('update', 'success');
    expect(await system.getJson('/version')).toEqual({ version: '1.2.0' });
  });

  test('sudo lets the daemon’s user start the privileged side as it is, and nothing else', async () => {
    const as = (lines: string, user = 'admind') => system.attempt(lines, { user });
    expect((await as(SERVICES + SUDO)).stdout).toContain('"report":"done"');
    const refused = [
      ...['--root /tmp', '--peer 1-1-0', '""', '-- --root=/tmp'].map((args) => `${SUDO} ${args}`),
      ...['id', '/bin/sh', '/usr/bin/admind', '/usr/bin/admind ssh-command', '-s', '-i'].map(
        (what) => `/usr/bin/sudo -n ${what}`,
      ),
      '/usr/bin/sudo -n /usr/lib/admind/bin/node',
      `/usr/bin/sudo -n ${PRIVILEGED.replace('/bin/', '/../admind/bin/')}`,
      `ln -sf ${PRIVILEGED} /tmp/mine && /usr/bin/sudo -n /tmp/mine`,
      ...[
        '-E',
        '--preserve-env=NODE_OPTIONS',
        '-u nobody',
        '-u root -g admind',
        'NODE_OPTIONS=x',
        'ADMIND_ROOT=/tmp',
      ].map((option) => `NODE_OPTIONS=x /usr/bin/sudo -n ${option} ${PRIVILEGED}`),
    ];
    for (const line of refused) {
      const { code, stdout } = await as(SERVICES + `(${line})`);
      expect([line, code === 0, stdout]).toEqual([line, false, '']);
    }
    // No name server is asked: here, none answers.
    expect((await as(SERVICES + SUDO)).stderr).not.toContain('resolve');
    // With one of its groups alone, it stays the user that it is, with the rights that it has.
    const uid = (await system.run('id -u admind')).trim();
    for (const group of ['admind', 'admin']) {
      // The order comes late, so that the process is there to be looked at.
      const ended = as(`(sleep 2; echo) | /usr/bin/sudo -n -g ${group} ${PRIVILEGED}`);
      expect(await showPrivileged()).toContain(`Uid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
      await ended;
    }
    const other = await as(SERVICES + SUDO, 'nobody');
    expect([other.code === 0, other.stdout]).toEqual([false, '']);
  });

  test('the privileged side has an environment of its own, whatever the daemon’s user sets', async () => {
    // Files that are not there, or that tell when they are run or written: nothing of it may have an effect.
    const planted = {
      NODE_OPTIONS: '--require=/tmp/absent.cjs',
      NODE_V8_COVERAGE: '/tmp/coverage',
      NODE_EXTRA_CA_CERTS: '/tmp/ca',
      SSLKEYLOGFILE: '/tmp/keys',
      OPENSSL_CONF: '/tmp/openssl.cnf',
      LD_PRELOAD: '/tmp/absent.so',
      LD_LIBRARY_PATH: '/tmp',
      ENV: '/tmp/env.sh',
      BASH_ENV: '/tmp/env.sh',
      ADMIND_ROOT: '/tmp/root',
      JIDO_ADMIN_PATH: '/tmp/admin',
      SUDO_UID: '0',
      PATH: '/tmp:/usr/bin:/bin',
      TZ: '/tmp/zone',
      LC_ALL: '/tmp/locale',
    };
    const assignments = Object.entries(planted).map(([name, value]) => `${name}=${value}`);
    await system.attempt(
      'printf "#!/bin/sh\ntouch /tmp/ran\n" >/tmp/env; cp /tmp/env /tmp/node; chmod 755 /tmp/env /tmp/node',
      { user: 'admind' },
    );
    // It waits for its order, and the pipe stays open for as long as it is looked at.
    const look = `umask 0; (sleep 3; echo '{"operation":"services"}') | env ${assignments.join(' ')} ${SUDO}`;
    const answered = system.attempt(look, { user: 'admind' });
    const shown = await showPrivileged();
    const uid = (await system.run('id -u admind')).trim();
    expect(shown.trim().split('\n').sort()).toEqual(
      [
        'JIDO_ADMIN_PATH=',
        'LANG=C.UTF-8',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        `SUDO_UID=${uid}`,
        'Uid:\t0\t0\t0\t0',
        'Umask:\t0022',
      ].sort(),
    );
    const { stdout } = await answered;
    expect(stdout).toContain('"report":"done"');
    expect(stdout).toContain('sample-app');
    expect((await system.attempt('ls -d /tmp/ran /tmp/coverage /tmp/keys')).stdout).toBe('');
  });

  test('orders that are not on the list are refused by sudo’s way, too', async () => {
    for (const order of [
      '{"operation":"shell"}',
      '{"run":"license","inputs":{"license":"/etc/shadow"}}',
      'x',
      '',
    ]) {
      const { code, stdout } = await system.attempt(SUDO, { user: 'admind', input: `${order}\n` });
      expect([order, code]).toEqual([order, 1]);
      expect(stdout).toMatch(/^\{"report":"error","message":"order refused/);
    }
  });

  test('an upgrade keeps what the operator has set, and the daemon serves it after a restart', async () => {
    await system.run('sh /root/unpacked/install.sh');
    await stopDaemon(system);
    await startDaemon(system);
    expect(await system.getJson('/license')).toEqual({ users: 7 });
    expect(await system.getJson('/settings')).toMatchObject({ network: { ip_address: '192.0.2.77' } });
  });

  test('removed, nothing of it can be run by sudo any more', async () => {
    await system.run('sh /usr/lib/admind/scripts/install.sh --uninstall');
    await poll('the daemon has stopped', async () => (await system.curl('/healthz')).status === 0);
    expect(
      await system.run('ls -d /usr/lib/admind* /usr/bin/adm*n* /etc/sudoers.d/admind 2>/dev/null || :'),
    ).toBe('');
    expect((await system.attempt(SERVICES + SUDO, { user: 'admind' })).code).not.toBe(0);
    expect(await system.run(`cat ${ADMIN}/etc/license.asc`)).toContain('"users":7');
  });
});
