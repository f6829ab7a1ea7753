import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasTool } from '../support/tools.js';
import { poll } from '../support/poll.js';
import { bootAppliance, type Appliance } from './support/appliance.js';
import { command } from './support/command.js';
import { createEmulator, EMULATED_NETWORK, type Emulator } from './support/emulator.js';
import { createNetwork, type Network } from './support/network.js';
import { createOperator, fingerprintOf, type Operator } from './support/operator.js';
import { describeMachine, describeWhere } from './support/requirements.js';

/** An emulated processor boots Debian in half a minute. */
const BOOT_TIMEOUT_MS = 240_000;
const TEST_TIMEOUT_MS = 300_000;
const OLD = '1.0.0';
const NEW = '1.1.0';

const { address, netmask, gateway } = EMULATED_NETWORK;
const INTERFACE = { interface: 'eth0', hostname: 'appliance', ip_address: address, netmask, gateway };
const NETWORK_CONF = `mode=static\ninterface=eth0\nip=${address}\nsubnet=${netmask}\nrouter=${gateway}\n`;

const UPDATE_SH = `echo begun
sleep 4
cp version.txt "$JIDO_ADMIN_PATH/etc/version.new"
mv "$JIDO_ADMIN_PATH/etc/version.new" "$JIDO_ADMIN_PATH/etc/version.txt"
echo changed
sleep 4
`;

const describeEmulated =
  describeMachine === describe
    ? await describeWhere(() =>
        Promise.resolve(hasTool('qemu-system-x86_64') ? undefined : 'not installed: qemu-system-x86_64'),
      )
    : describe.skip;

describeEmulated('an appliance whose power is cut', () => {
  let appliance: Appliance;
  let network: Network;
  let emulator: Emulator;
  let operator: Operator;

  beforeAll(async () => {
    appliance = await bootAppliance();
    await appliance.setToken();
    const { machine, workspace } = appliance;
    await machine.shutDown();
    await writeFile(join(machine.root, 'usr/local/etc/network.conf'), NETWORK_CONF);
    network = await createNetwork();
    emulator = await createEmulator(machine.root, workspace, network);
    operator = createOperator(network, workspace, '127.0.0.1');
    emulator.powerOn();
    await ready();
  }, TEST_TIMEOUT_MS);

  afterAll(async () => {
    await emulator.cutPower();
    await network.remove();
    await appliance.remove();
  });

  const ready = () =>
    operator.waitUntilReady(BOOT_TIMEOUT_MS).catch((error: unknown) => {
      process.stderr.write(`--- console\n${emulator.console().slice(-4000)}\n---\n`);
      throw error;
    });

  const cutPower = async () => {
    await emulator.cutPower();
    emulator.powerOn();
    await ready();
  };

  const startUpdate = async () => {
    const file = await appliance.vendor.makePackage({ 'version.txt': `${NEW}\n`, 'update.sh': UPDATE_SH });
    await operator.adminCurl('POST', '/update', '-F', `update=@${file}`);
  };

  /** The status once no job is said to run. */
  const settled = (path: string) =>
    poll(
      `${path} is settled`,
      async () => {
        const status = (await operator.getJson(path)) as { status: string };
        return status.status !== 'running' && status;
      },
      TEST_TIMEOUT_MS,
    );

  const updateReads = (text: string) =>
    poll(
      `the update has ${text}`,
      async () => {
        const { log } = (await operator.getJson('/update')) as { log: string };
        return log.includes(`\\n${text}`);
      },
      BOOT_TIMEOUT_MS,
    );

  test.each([
    ['as it begins', undefined, OLD],
    ['while update.sh runs', 'begun', OLD],
    ['after update.sh has changed the machine', 'changed', NEW],
  ])(
    'an update that is cut off %s reads failed, and the machine is old or new',
    async (_when, text, expected) => {
      await startUpdate();
      if (text !== undefined) await updateReads(text);
      await cutPower();
      expect(await settled('/update')).toMatchObject({ status: 'failed', 'error-code': 'E1002' });
      const { version } = (await operator.getJson('/version')) as { version: string };
      // What was not written to the disk yet may be lost.
      expect([OLD, expected]).toContain(version);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'settings that are cut off are the old or the new ones, whole',
    async () => {
      const settings = (round: number) => ({ network: INTERFACE, app: { round } });
      const post = async (round: number) =>
        operator.adminCurl(
          ...['POST', '/settings', '-F'],
          `settings=@${await operator.writeFile('settings.json', settings(round))}`,
        );
      await post(1);
      await poll('they are set', async () => (await operator.tryAdminCurl('GET', '/settings')).code === 0);
      await poll('they can be set again', () =>
        post(2).then(
          () => true,
          () => false,
        ),
      );
      await cutPower();
      const { app } = (await operator.getJson('/settings')) as { app: { round: number } };
      expect([1, 2]).toContain(app.round);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'a certificate that is cut off is the old or the new one, and the status says which',
    async () => {
      const old = await operator.servedFingerprint();
      const [key, certificate] = ['appliance.key', 'appliance.pem'].map((name) =>
        join(appliance.workspace, name),
      );
      const subject = ['-subj', '/CN=appliance.example', '-days', '30'];
      const files = ['-keyout', key!, '-out', certificate!];
      await command('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files]);
      await operator.adminCurl('POST', '/certs', '-F', `public=@${certificate}`, '-F', `private=@${key}`);
      await cutPower();
      const { status } = await settled('/certs');
      const expected = status === 'success' ? await fingerprintOf(await readFile(certificate!, 'utf8')) : old;
      await poll('it is shown', async () => (await operator.servedFingerprint()) === expected);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'after all of it an update ends with success',
    async () => {
      await startUpdate();
      expect(await settled('/update')).toMatchObject({ status: 'success', percentage: 100 });
      expect(await operator.getJson('/version')).toEqual({ version: NEW });
    },
    TEST_TIMEOUT_MS,
  );
});
