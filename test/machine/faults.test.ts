import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../support/poll.js';
import { jobSettled, type Appliance } from './support/appliance.js';
import { command } from './support/command.js';
import { describeAppliance } from './support/describe-appliance.js';
import { followJournal } from './support/journal.js';
import { fingerprintOf } from './support/operator.js';
import { endSlowUpdate, startSlowUpdate } from './support/slow-update.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const LOCAL = '/usr/local/etc';
const TLS = `${LOCAL}/pki/tls`;
const ENDPOINTS = `${LOCAL}/jidoteki-admin-api.json`;
const SETTINGS = `${LOCAL}/admind.json`;
/** A pair as the daemon itself makes it, but one that is to be renewed now. */
const MAKE_EXPIRING_PAIR = `openssl req -x509 -newkey rsa:2048 -nodes -days 5 -subj /CN=appliance \
    -keyout /run/own.key -out /run/own.crt 2>/dev/null
  cat /run/own.key /run/own.crt >${TLS}/enterprise.pem
  cp /run/own.key ${TLS}/private/enterprise.key; cp /run/own.crt ${TLS}/certs/enterprise.crt
  openssl x509 -in /run/own.crt -noout -fingerprint -sha256 | sed 's/.*=//' >${TLS}/self-signed.sha256`;

describeAppliance(
  'faults',
  (test) => {
    test('reload: a new certificate, for root alone, and a new endpoint are served; what runs goes on', async (appliance) => {
      const { machine } = appliance;
      const pid = await mainPid(appliance);
      await machine.run(
        `cp ${ENDPOINTS} /run/endpoints; sed -i 's/,"backup"//' ${ENDPOINTS}; systemctl reload admind`,
      );
      const backup = async () => (await appliance.curl('/api/v1/admin/backup')).status;
      await poll('the endpoint is off', async () => (await backup()) === 404);
      const upload = await beginSlowUpload(appliance);
      const expected = await putCertificate(appliance);
      await machine.run(`cp /run/endpoints ${ENDPOINTS}; systemctl reload admind`);
      await poll('the certificate is served', async () => (await appliance.servedFingerprint()) === expected);
      expect(await backup()).toBe(403);
      expect(await upload()).toBe('202 1\n200 0\n');
      await jobSettled(appliance, 'update', 'success');
      expect(await mainPid(appliance)).toBe(pid);
    });

    test('reload of what is broken: the old one serves on, and the journal says why', async (appliance) => {
      const { machine } = appliance;
      const pid = await mainPid(appliance);
      const served = await appliance.servedFingerprint();
      const said = await followJournal(machine);
      await machine.run(`cp -p ${TLS}/enterprise.pem /run/pair; echo broken >${TLS}/enterprise.pem`);
      expect((await machine.attempt('systemctl reload admind')).code).not.toBe(0);
      const why = `admind: Broken TLS certificate ${TLS}/enterprise.pem: `;
      await poll('it is said', async () => (await said()).some((line) => line.startsWith(why)));
      expect(await appliance.servedFingerprint()).toBe(served);
      await machine.run(
        `cp -p /run/pair ${TLS}/enterprise.pem; echo '{' >${ENDPOINTS}; systemctl reload admind`,
      );
      await poll('the daemon says so', async () =>
        (await said()).some(
          (line) =>
            line.includes(`"pid":${pid}`) && line.includes('unreadable endpoint configuration is not used'),
        ),
      );
      expect((await appliance.curl('/api/v1/admin/backup')).status).toBe(403);
      await machine.run(`cp /run/endpoints ${ENDPOINTS}; systemctl reload admind`);
      expect(await appliance.servedFingerprint()).toBe(served);
      expect(await mainPid(appliance)).toBe(pid);
    });

    test('starts that fail: each says why in a line, a job goes on, and once mended the API answers', async (appliance) => {
      const { machine } = appliance;
      await startSlowUpdate(appliance);
      const earlier = await mainPid(appliance);
      const said = await followJournal(machine);
      await machine.run(`echo '{"port": "many"}' >${SETTINGS}`);
      expect((await machine.attempt('systemctl restart admind')).code).not.toBe(0);
      const wrong = `admind: ${SETTINGS}: "port" must be integer`;
      await saidTwice(said, wrong);
      // Another program has the port when the settings are right again.
      await machine.run(`rm ${SETTINGS}
        systemd-run --quiet --unit occupant --socket-property ListenStream=8443 /bin/true`);
      const taken =
        'admind: Cannot listen on port 8443: another program uses it. Stop that program or choose another --port';
      await saidTwice(said, taken);
      const ofStarts = (await said()).filter((line) => !line.includes(`"pid":${earlier},`));
      expect(new Set(ofStarts)).toEqual(new Set([wrong, taken]));
      const restarts = await machine.run('systemctl show --value --property NRestarts admind');
      expect(ofStarts.length).toBeLessThanOrEqual(Number(restarts) + 1);
      await machine.run('systemctl stop occupant.socket');
      await appliance.waitUntilReady();
      expect(await appliance.getJson('/update')).toMatchObject({ status: 'running' });
      await endSlowUpdate(appliance);
    });

    test('a full admin directory: the daemon starts, says why no job does, and works again with room', async (appliance) => {
      const { machine } = appliance;
      await machine.run(`cp -a ${ADMIN} /run/admin; mount -t tmpfs -o size=40m,nr_inodes=1k small ${ADMIN}
        cp -a /run/admin/. ${ADMIN}; systemctl restart admind`);
      await appliance.waitUntilReady();
      const said = await followJournal(machine);
      // What prepare would make, and a certificate that it would renew.
      await machine.run(`systemctl stop admind
        rm -f ${ADMIN}/log/jidoteki-audit.log ${ADMIN}/etc/health.json
        ${MAKE_EXPIRING_PAIR}
        head -c 50m /dev/zero >${ADMIN}/full 2>/dev/null || :
        mkdir ${ADMIN}/etc/full || :
        (cd ${ADMIN}/etc/full && seq 2000 | xargs touch 2>/dev/null) || :
        ! touch ${ADMIN}/etc/one-more 2>/dev/null
        systemctl start admind`);
      await appliance.waitUntilReady();
      expect((await said()).join('\n')).toMatch(/ENOSPC.*the appliance could not be prepared completely/);
      expect(await appliance.getJson('/version')).toEqual({ version: '1.0.0' });
      const refused = await appliance.tryAdminCurl('POST', '/backup', '-F', 'action=START');
      expect([refused.code === 0, refused.stdout + refused.stderr]).toEqual([
        false,
        expect.stringContaining('Backup could not be started: no space left on the appliance'),
      ]);
      await machine.run(`rm -r ${ADMIN}/full ${ADMIN}/etc/full`);
      await appliance.adminCurl('--wait', 'POST', '/backup', '-F', 'action=START');
      const served = await appliance.servedFingerprint();
      await machine.run('systemctl restart admind');
      await appliance.waitUntilReady();
      expect(await appliance.servedFingerprint()).not.toBe(served);
      expect(await machine.run(`ls ${ADMIN}/log/jidoteki-audit.log`)).not.toBe('');
      await machine.run(`systemctl stop admind; umount -l ${ADMIN}; systemctl start admind`);
      await appliance.waitUntilReady();
    });

    for (const date of ['1970-01-01', '2040-01-01']) {
      test(`files of ${date}: the daemon starts, nothing is held or kept for ever, and jobs run`, async (appliance) => {
        const { machine } = appliance;
        await machine.run(`systemctl stop admind
          echo running >${ADMIN}/etc/status_storage.txt
          mkdir -p ${ADMIN}/home/incoming/.upload-999999-1-0-0 ${ADMIN}/lib/locks/storage/heartbeat
          touch ${ADMIN}/etc/.status_storage.txt.0000000000000000000000000000.new
          find ${ADMIN} ${LOCAL} /var/lib/admind -exec touch --no-dereference --date ${date} {} +
          systemctl start admind`);
        await appliance.waitUntilReady();
        await jobSettled(appliance, 'storage', 'failed');
        const settings = await appliance.writeFile('storage.json', { storage: { type: 'local' } });
        await appliance.adminCurl('POST', '/storage', '-F', `settings=@${settings}`);
        await jobSettled(appliance, 'storage', 'success');
        const update = await appliance.vendor.makePackage({ 'update.sh': 'exit 0\n' });
        await appliance.adminCurl('--wait', 'POST', '/update', '-F', `update=@${update}`);
        await appliance.adminCurl('--wait', 'POST', '/backup', '-F', 'action=START');
        const left = `find ${ADMIN} -name '.upload-*' -o -name '*.new' -o -name heartbeat`;
        await poll('nothing is left', async () => (await machine.run(left)) === '');
        const expected = await putCertificate(appliance, date);
        await machine.run('systemctl reload admind');
        await poll('it is served', async () => (await appliance.servedFingerprint()) === expected);
      });
    }
  },
  { hasToken: true },
);

async function mainPid({ machine }: Appliance): Promise<string> {
  return (await machine.run('systemctl show --value --property MainPID admind')).trim();
}

/** Puts another pair in place as root would who knows nothing of the daemon. @returns the fingerprint of its certificate */
async function putCertificate({ machine, workspace }: Appliance, date = 'now'): Promise<string> {
  const [key, certificate] = ['new.key', 'new.crt'].map((name) => join(workspace, name)) as [string, string];
  const files = ['-keyout', key, '-out', certificate];
  await command('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=new', ...files]);
  const [keyText, certificateText] = await Promise.all(
    [key, certificate].map((file) => readFile(file, 'utf8')),
  );
  const put = async (name: string, content: string) =>
    machine.run(
      `umask 077; cat >${TLS}/new; chmod 600 ${TLS}/new; touch --date ${date} ${TLS}/new; mv ${TLS}/new ${TLS}/${name}`,
      { input: content },
    );
  await put('private/enterprise.key', keyText!);
  await put('certs/enterprise.crt', certificateText!);
  await put('enterprise.pem', keyText! + certificateText!);
  return fingerprintOf(certificateText!);
}

/** Resolves once the upload of an update is under way, with what is told when it has ended and another request has followed. */
async function beginSlowUpload(appliance: Appliance): Promise<() => Promise<string>> {
  const { machine, vendor, workspace, tokenFile } = appliance;
  const ballast = join(workspace, 'ballast');
  await writeFile(ballast, randomBytes(6 * 1024 * 1024));
  const file = await vendor.makePackage({ 'update.sh': 'exit 0\n' }, [ballast]);
  const request = async (method: string, path: string) => {
    const signed = await command(process.execPath, [
      'dist/cli.js',
      'sign',
      '--token-file',
      tokenFile,
      method,
      path,
    ]);
    const url = `https://${appliance.address}:8443/api/v1/admin${path}?hash=${signed.trim()}`;
    return [
      '--silent',
      '--insecure',
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code} %{num_connects}\n',
      url,
    ];
  };
  const upload = [...(await request('POST', '/update')), '--limit-rate', '1M', '--form', `update=@${file}`];
  const ended = machine.network.command('curl', [...upload, '--next', ...(await request('GET', '/version'))]);
  const received = `find ${ADMIN}/home/incoming -type f -size +1 | grep -q .`;
  await poll('it arrives', async () => (await machine.attempt(received)).code === 0);
  return () => ended;
}

/** systemd tries again and again, and each time it is said. */
async function saidTwice(said: () => Promise<readonly string[]>, text: string): Promise<void> {
  await poll(
    `it is said twice: ${text}`,
    async () => (await said()).filter((line) => line === text).length > 1,
  );
}
