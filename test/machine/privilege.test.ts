import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeAppliance } from './support/describe-appliance.js';
import { intrude, intrudeOutside } from './support/intruder.js';

const ADMIN = '/opt/jidoteki/tinyadmin';
const INCOMING = `${ADMIN}/home/incoming`;
const FILE = `${INCOMING}/request/file`;
const REFUSED = /^\{"report":"error","message":"order refused/;

const order = (value: unknown) => `${JSON.stringify(value)}\n`;
const license = (file: string) => order({ run: 'license', inputs: { license: file } });

describeAppliance(
  'whoever has taken the daemon over',
  (test) => {
    test('cannot write what root reads or runs', async ({ machine }) => {
      const intruder = await intrude(machine);
      const places = [
        '/',
        '/etc',
        '/usr/lib/admind',
        '/usr/local/etc',
        '/usr/local/etc/init.d',
        '/var/lib/admind',
      ];
      const own = [
        '',
        '/bin',
        '/etc',
        '/lib',
        '/lib/locks',
        '/lib/journals',
        '/log',
        '/tmp',
        '/home',
        '/home/sftp/uploads',
      ];
      for (const place of [...places, ...own.map((name) => ADMIN + name), '/data', '/root', '/run/admind']) {
        const { code } = await intruder.attempt(`echo planted >${place}/planted`);
        expect([place, code === 0]).toEqual([place, false]);
      }
      for (const file of ['bin/network.sh', 'etc/updates.pub', 'etc/debug.txt', 'etc/version.txt']) {
        const { code } = await intruder.attempt(`echo planted >>${ADMIN}/${file}`);
        expect([file, code === 0]).toEqual([file, false]);
        expect((await intruder.attempt(`mv ${ADMIN}/${file} ${ADMIN}/${file}.old`)).code).not.toBe(0);
      }
      expect((await intruder.attempt(`touch ${INCOMING}/own`)).code).toBe(0);
    });

    test('cannot read the files of others', async ({ machine }) => {
      const intruder = await intrude(machine);
      await machine.run('mkdir -p /home/other; echo secret >/home/other/file; echo secret >/data/secret');
      expect((await intruder.attempt('cat /etc/passwd')).stdout).toContain('admind');
      for (const file of [
        '/etc/shadow',
        '/root/.profile',
        '/home/other/file',
        '/data/secret',
        '/etc/sudoers',
      ]) {
        const { code, stdout } = await intruder.attempt(`cat ${file}`);
        expect([file, code === 0, stdout]).toEqual([file, false, '']);
      }
    });

    test('cannot become root', async ({ machine }) => {
      const intruder = await intrude(machine);
      expect((await intruder.attempt('id -un')).stdout).toBe('admind\n');
      for (const attack of [
        'sudo -n id',
        'sudo -n /usr/lib/admind/bin/admind-privileged',
        'su -c id',
        'mount -t tmpfs x /mnt',
      ]) {
        expect([attack, (await intruder.attempt(attack)).code === 0]).toEqual([attack, false]);
      }
      for (const unit of ['start admind-job@1-1-0.service', 'restart admind.service', '--no-block reboot']) {
        expect([unit, (await intruder.attempt(`systemctl ${unit}`)).code === 0]).toEqual([unit, false]);
      }
    });

    test('the privileged side takes no order that is not on its list', async ({ machine }) => {
      const intruder = await intrude(machine);
      const orders = [
        order({ run: 'shell', inputs: {} }),
        order({ run: '../jobs/update', inputs: {} }),
        order({ run: 'constructor', inputs: {} }),
        order({ run: 'update', inputs: {}, script: '/bin/sh' }),
        order({ run: 'reboot', inputs: { update: FILE } }),
        order({ run: 'update', inputs: { update: 7 } }),
        order({ run: 'update' }),
        order({ settle: 'update', run: 'update', inputs: {} }),
        order({ operation: 'set-token', token: 'x'.repeat(5000), replaced: 'none' }),
        order({ operation: 'set-token', token: 'x', replaced: 'any' }),
        order({ operation: 'services', name: 'x' }),
        order({ operation: 'shell' }),
        order([{ settle: 'update' }]),
        order('update'),
        order(null),
        '{"run":"update","inputs":\n{}}\n',
        'update\n',
        '\n',
        '\u0000\n',
        'GET / HTTP/1.1\r\n\r\n',
      ];
      const answers = await intruder.send(...orders);
      orders.forEach((sent, index) =>
        expect([sent, answers[index]]).toEqual([sent, expect.stringMatching(REFUSED)]),
      );
    });

    test('an input is a file of one request and no other', async ({ machine }) => {
      const intruder = await intrude(machine);
      await intruder.attempt(`mkdir -p ${INCOMING}/request/deeper; echo mine >${FILE}`);
      const paths = [
        '/etc/shadow',
        'etc/shadow',
        '',
        FILE.slice(1),
        `${INCOMING}/request/../../../etc/updates.key`,
      ];
      paths.push(
        `${INCOMING}/../../../../../etc/shadow`,
        `${INCOMING}/request/deeper/file`,
        INCOMING,
        `${INCOMING}/own`,
      );
      paths.push(
        `${INCOMING}//request/file`,
        `${INCOMING}/./request`,
        `${FILE}/`,
        `${FILE}\u0000`,
        `${FILE}\n`,
        `${INCOMING}x/y/z`,
      );
      const answers = await intruder.send(...paths.map(license));
      paths.forEach((path, index) => {
        const answer = answers[index] ?? '';
        expect([path, answer.includes('"state":"success"'), answer.includes('root:')]).toEqual([
          path,
          false,
          false,
        ]);
        expect([path, answer]).toEqual([path, expect.stringMatching(/"report":"(error|ended|locked)"/)]);
      });
    });

    const plants: readonly (readonly [what: string, lines: string, file?: string])[] = [
      ['a link to a file of root', `ln -s /etc/shadow ${FILE}`],
      [
        'in a link to a directory of root',
        `rmdir ${INCOMING}/request; ln -s /etc ${INCOMING}/request`,
        'shadow',
      ],
      ['a directory', `mkdir ${FILE}`],
      ['a pipe', `mkfifo ${FILE}`],
      ['nothing', ':'],
    ];
    for (const [what, lines, file = 'file'] of plants) {
      test(`an input that is ${what} is not taken`, async ({ machine }) => {
        const intruder = await intrude(machine);
        await intruder.attempt(`rm -rf ${INCOMING}/request; mkdir ${INCOMING}/request; ${lines}`);
        const [answer = ''] = await intruder.send(license(`${INCOMING}/request/${file}`));
        expect(answer).not.toMatch(/root:|"state":"success"/);
        expect(answer).toMatch(/"report":"(error|ended)"/);
        expect((await machine.attempt(`ls ${ADMIN}/etc/license.asc`)).code).not.toBe(0);
      });
    }

    test('a hard link or a device, were there one, is not taken', async ({ machine }) => {
      const intruder = await intrude(machine);
      await machine.run(`mkdir -p ${INCOMING}/planted; chown admind ${INCOMING}/planted; cd ${INCOMING}/planted
        ln ${ADMIN}/etc/updates.key link; cp -a /dev/zero device`);
      for (const name of ['link', 'device']) {
        const [answer = ''] = await intruder.send(license(`${INCOMING}/planted/${name}`));
        expect([name, answer]).toEqual([name, expect.stringMatching(/"report":"(error|ended)"/)]);
        expect(answer).not.toContain('"state":"success"');
      }
      expect((await machine.attempt(`ls ${ADMIN}/etc/license.asc`)).code).not.toBe(0);
    });

    test('a link in the uploads for an input that was not sent is not read', async ({ machine }) => {
      const [intruder, outside] = [await intrude(machine), intrudeOutside(machine)];
      await machine.run('echo secret-of-root >/root/secret; chmod 600 /root/secret');
      const planting = outside.attempt(`cd ${ADMIN}/home/sftp/uploads; end=$(($(date +%s) + 8)); found=
        while [ $(date +%s) -lt $end ]; do
          ln -s /root/secret .license.asc; ln -s /root/secret license.asc; ln -s /root/secret ../../taken/license.asc
          grep -s secret-of-root ${ADMIN}/etc/license.asc
        done 2>/dev/null`);
      for (let round = 0; round < 6; round += 1) {
        const [answer = ''] = await intruder.send(order({ run: 'license', inputs: {} }));
        expect(answer).not.toContain('secret-of-root');
      }
      expect((await planting).stdout).toBe('');
      await outside.attempt(
        `rm -f ${ADMIN}/home/sftp/uploads/.license.asc ${ADMIN}/home/sftp/uploads/license.asc`,
      );
    });

    test('a link in what root deletes from the uploads does not lead it out of them', async ({ machine }) => {
      const [intruder, outside] = [await intrude(machine), intrudeOutside(machine)];
      await machine.run('mkdir -p /root/others; touch /root/others/kept');
      const planted = `${ADMIN}/home/sftp/uploads/.backup.tar.staging`;
      const plant = `mkdir -p ${planted}/inner; cd ${planted}; seq 1 20000 | xargs touch; echo ready`;
      expect((await outside.attempt(plant)).stdout).toBe('ready\n');
      const exchange = outside.attempt(
        `cd ${planted}; first=$(ls -U | grep -v inner | head -n 1)
        while [ -e $first ]; do :; done; mv inner ../away; ln -s /root/others inner`,
      );
      await intruder.send(order({ settle: 'backup' }));
      await exchange;
      expect(await machine.run('ls /root/others')).toBe('kept\n');
    });

    test('a package that is exchanged while root takes it is verified as it was taken', async (appliance) => {
      const { machine, vendor } = appliance;
      const intruder = await intrude(machine);
      const signed = await vendor.makePackage({ 'update.sh': 'echo genuine\n' });
      await copyFile(signed, join(machine.root, 'usr/local/lib/genuine.enc'));
      await machine.run('chmod 644 /usr/local/lib/genuine.enc');
      const exchange = `cd ${INCOMING}; rm -rf request; mkdir request; cp /usr/local/lib/genuine.enc request/file
        head -c 100000 /dev/urandom >other; cp request/file good
        end=$(($(date +%s) + 4)); while [ $(date +%s) -lt $end ]; do
          cat other >request/file; cp other new; mv new request/file; cp good new; mv new request/file; done`;
      const racing = intruder.attempt(exchange);
      for (let round = 0; round < 3; round += 1) {
        const [answer = ''] = await intruder.send(order({ run: 'update', inputs: { update: FILE } }));
        expect(answer).toMatch(/"report":"ended"|"report":"error"/);
      }
      await racing;
      const log = await machine.run(`cat ${ADMIN}/log/update.log`);
      expect(log).not.toMatch(/Error running update/);
      expect((await machine.attempt(`ls ${ADMIN}/tmp/update`)).code).not.toBe(0);
    });

    test('an order without an end, one that comes in halves, and a hundred at once hold nothing up', async (appliance) => {
      const intruder = await intrude(appliance.machine);
      const flood = Array.from({ length: 100 }, () => order({ operation: 'services' }));
      const [huge, half, ...many] = await intruder.send('['.repeat(100_000), '{"settle":"upd', ...flood);
      expect(huge).not.toContain('"report":"started"');
      expect(half).not.toContain('"report":"started"');
      expect(many.filter((answer) => answer.includes('"report":"done"')).length).toBeGreaterThan(0);
      expect(await appliance.getJson('/services')).toMatchObject({ services: expect.anything() });
      expect(await appliance.machine.run('systemctl is-active admind admind-job.socket')).toBe(
        'active\nactive\n',
      );
    });

    test('nobody else can connect', async ({ machine }) => {
      const other = await intrude(machine, 'nobody');
      expect(await other.send(order({ operation: 'services' }))).toEqual(['EACCES']);
    });
  },
  { hasToken: true },
);
