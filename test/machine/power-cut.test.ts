import { randomBytes, X509Certificate } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../src/core/clock.js';
import { DEFAULT_ADMIN_PATH as ADMIN } from '../../src/config/paths.js';
import { hasTool } from '../support/tools.js';
import { poll } from '../support/poll.js';
import { bootAppliance, type Appliance } from './support/appliance.js';
import { command } from './support/command.js';
import { createEmulator, EMULATED_NETWORK, type Emulator } from './support/emulator.js';
import { createNetwork, type Network } from './support/network.js';
import { createOperator, fingerprintOf, TOKEN, type Operator } from './support/operator.js';
import { describeMachine, describeWhere } from './support/requirements.js';

const READY_TIMEOUT_MS = 120_000;
const TEST_TIMEOUT_MS = 400_000;
/** So many more cuts, each at a moment that nobody chose. */
const RANDOM_CUTS = Number(process.env.ADMIND_POWER_CUT_RANDOM ?? 0);
const RANDOM_WITHIN_MS = 6_000;
/** Makes an update's decryption and extraction, and the write-back of what it installs, last. */
const PAYLOAD_BYTES = 8 * 1024 * 1024;
const WRITES_PER_SECOND = 25;
const ETC = `${ADMIN}/etc`;
const journal = (job: JobName) => `${ADMIN}/lib/journals/${job}.json`;

const { address, netmask, gateway } = EMULATED_NETWORK;
const INTERFACE = { interface: 'eth0', hostname: 'appliance', netmask, gateway };
const NETWORK_CONF = `mode=static\ninterface=eth0\nip=${address}\nsubnet=${netmask}\nrouter=${gateway}\n`;
const UNREACHABLE = '10.0.2.99';

/** Waits where the test wants it to; the next boot knows nothing of that. */
const HOLD = `hold() { if [ -e "/run/hold-$1" ]; then : >"/run/held-$1"; while [ -e "/run/hold-$1" ]; do sleep 0.2; done; fi; }
`;

const UPDATE_SH = `${HOLD}
hold begun
cp payload.bin "/data/payload-$(cat version.txt)"
cp version.txt "$JIDO_ADMIN_PATH/etc/version.new"
mv "$JIDO_ADMIN_PATH/etc/version.new" "$JIDO_ADMIN_PATH/etc/version.txt"
hold changed
`;

/** Stands for a proxy that takes its time to take a certificate over. */
const PROXY_UNIT = `[Service]
ExecStart=/bin/sleep infinity
ExecReload=/usr/local/bin/reload-proxy
[Install]
WantedBy=multi-user.target
`;

/** Shell, in builtins: whether the first line of a file has a text. */
const HAS = `has() { { read -r line <"$1"; } 2>/dev/null; case $line in *"$2"*) ;; *) false ;; esac; }`;

// Where no machine can be booted at all, that is said already: nothing is to be said of the emulator as well.
const describeEmulated =
  describeMachine === describe ? await describeWhere(() => Promise.resolve(whyNotEmulated())) : describe.skip;

function whyNotEmulated(): string | undefined {
  const start = 'ADMIND_POWER_CUT=1 npm run test:appliance -- test/machine/power-cut';
  if (!process.env.ADMIND_POWER_CUT) return `power cuts take about twenty minutes in an emulator: ${start}`;
  return hasTool('qemu-system-x86_64') ? undefined : 'not installed: qemu-system-x86_64';
}

/** The fingerprints and public keys of all its files. */
const DESCRIBE_CERTIFICATE = `cd /usr/local/etc/pki/tls
for file in enterprise.pem certs/enterprise.crt; do openssl x509 -noout -fingerprint -sha256 -in "$file"; done
echo ---
openssl x509 -noout -pubkey -in certs/enterprise.crt
for file in enterprise.pem private/enterprise.key; do openssl pkey -pubout -in "$file"; done`;

interface Started {
  /** What the job makes of the state. */
  readonly wanted: string;
  /** The job has begun. */
  readonly answered: Promise<unknown>;
}

function started(wanted: string, answered: Promise<unknown>): Started {
  // A cut that comes first leaves it without an answer.
  answered.catch(() => undefined);
  return { wanted, answered };
}

type JobName = 'update' | 'settings' | 'certs';
const STATUS: Record<JobName, string> = {
  update: `${ETC}/status_update.json`,
  settings: `${ETC}/status_settings.txt`,
  certs: `${ETC}/status_certs.txt`,
};
/** What a job replaces, named by what tells it apart: the version, the round of the settings, the fingerprint. */
type State = Record<JobName, string>;

describeEmulated('an appliance whose power is cut', () => {
  let appliance: Appliance;
  let network: Network;
  let emulator: Emulator;
  let operator: Operator;
  let payload: string;
  let isSlow = false;
  /** Off, or left by a test that failed. */
  let isDirty = true;
  /** As it was when everything was at rest. */
  let before: State;
  let rounds = 0;

  beforeAll(async () => {
    appliance = await bootAppliance();
    await appliance.setToken();
    const { machine, workspace } = appliance;
    await machine.shutDown();
    const at = (name: string) => join(machine.root, name);
    await writeFile(at('usr/local/etc/network.conf'), NETWORK_CONF);
    await appendFile(at(`${ADMIN}/bin/network.sh`), `${HOLD}hold network\n`);
    await writeFile(at('usr/local/bin/reload-proxy'), `#!/bin/sh\n${HOLD}hold reload\n`, { mode: 0o755 });
    await writeFile(at('etc/systemd/system/nginx.service'), PROXY_UNIT);
    await writeFile(at('usr/bin/symlinktool.sh'), `#!/bin/sh\n${HOLD}hold image\n`, { mode: 0o755 });
    await command('chroot', [machine.root, 'systemctl', '--quiet', 'enable', 'nginx.service']);
    payload = join(workspace, 'payload.bin');
    await writeFile(payload, randomBytes(PAYLOAD_BYTES));
    network = await createNetwork();
    emulator = await createEmulator(machine.root, workspace, network);
    operator = createOperator(network, workspace, '127.0.0.1');
  }, TEST_TIMEOUT_MS);

  afterAll(async () => {
    await emulator.cutPower();
    await network.remove();
    await appliance.remove();
  });

  const powerOn = async (clock?: string) => {
    await emulator.powerOn(clock);
    try {
      await operator.waitUntilReady(READY_TIMEOUT_MS);
    } catch (error) {
      process.stderr.write(`--- console\n${emulator.console().slice(-4000)}\n---\n`);
      throw error;
    }
  };

  const cutPower = async (clock?: string) => {
    await emulator.cutPower();
    isSlow = false;
    await powerOn(clock);
  };

  const slowDown = async () => {
    await emulator.limitWrites(WRITES_PER_SECOND);
    isSlow = true;
  };
  const speedUp = async () => {
    if (isSlow) await emulator.limitWrites(0);
    isSlow = false;
  };

  /** Asks in the machine itself, again and again without a pause. */
  const until = (condition: string) =>
    emulator.run(`timeout 100 /bin/sh <<'END'\n${HAS}\nuntil ${condition}; do :; done\nEND`);
  const hold = (...places: string[]) =>
    emulator.run(places.map((place) => `: >/run/hold-${place}`).join('\n'));
  const held = (place: string) => until(`[ -e /run/held-${place} ]`);
  const letGo = () => emulator.run('rm -f /run/hold-*');

  const read = async (name: string) => (await emulator.run(`cat ${name} 2>/dev/null || :`)).trim();
  const servedCertificate = async () => {
    const { stdout } = await network.attempt('openssl', ['s_client', '-connect', '127.0.0.1:8443']);
    return new X509Certificate(/-----BEGIN CERT[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? '');
  };

  /** Also that it is whole. */
  const readState = async (): Promise<State> => {
    const { version } = (await operator.getJson('/version')) as { version: string };
    const settings = (await operator.tryAdminCurl('GET', '/settings')).stdout;
    const [fingerprints, keys] = (await emulator.run(DESCRIBE_CERTIFICATE)).split('---\n');
    const [fingerprint = '', ...others] = fingerprints!
      .trim()
      .split('\n')
      .map((line) => line.replace(/^.*=/, ''));
    expect(others).toEqual([fingerprint]);
    expect(new Set(keys!.split(/(?=-----BEGIN)/)).size).toBe(1);
    await poll('that is served', async () => (await operator.servedFingerprint()) === fingerprint);
    const round = /"round":(\d+)/.exec(settings)?.[1] ?? 'none';
    if (round !== 'none') {
      expect(JSON.parse(settings)).toMatchObject({ network: { ...INTERFACE, ip_address: address } });
      expect(await read('/usr/local/etc/network.conf')).toContain(address);
    }
    return { update: version, settings: round, certs: fingerprint };
  };

  const readStatus = async (job: JobName) => /success|failed|running/.exec(await read(STATUS[job]))?.[0];

  const settled = (job: JobName) =>
    poll(
      `${job} is settled`,
      async () => {
        const status = await readStatus(job);
        return status !== 'running' && (status ?? 'none');
      },
      READY_TIMEOUT_MS,
    );

  const rest = async () => {
    if (isDirty) await cutPower();
    isDirty = true;
    await speedUp();
    await poll('the machine is at rest', async () => {
      const { code } = await operator.tryAdminCurl('GET', '/version');
      return code === 0;
    });
    before = await readState();
  };

  const settingsOf = (ip: string) => ({ network: { ...INTERFACE, ip_address: ip }, app: { round: rounds } });
  /** Sends what makes of the state what it returns at once; `answered` when the job has begun. */
  const startUpdate = async (): Promise<Started> => {
    const version = `1.${rounds}.0`;
    const files = { 'version.txt': `${version}\n`, 'update.sh': UPDATE_SH };
    const file = await appliance.vendor.makePackage(files, [payload]);
    return started(version, operator.adminCurl('POST', '/update', '-F', `update=@${file}`));
  };
  const startSettings = async (ip = address): Promise<Started> => {
    const file = await operator.writeFile('settings.json', settingsOf(ip));
    return started(String(rounds), operator.adminCurl('POST', '/settings', '-F', `settings=@${file}`));
  };
  const startCerts = async (): Promise<Started> => {
    const [key, pem] = [`${rounds}.key`, `${rounds}.pem`].map((name) => join(appliance.workspace, name));
    const subject = ['-subj', '/CN=appliance.example', '-days', '300'];
    await command('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...[...subject, '-keyout', key!, '-out', pem!],
    ]);
    const sent = operator.adminCurl('POST', '/certs', '-F', `public=@${pem}`, '-F', `private=@${key}`);
    return started(await fingerprintOf(await readFile(pem!, 'utf8')), sent);
  };
  /** @returns what the job makes of the state */
  const begun = async (job: Promise<Started>) => {
    const { wanted, answered } = await job;
    await answered;
    return wanted;
  };

  /**
   * All that is to be true after a cut.
   *
   * @param wanted what the jobs that ran would have made of the state
   * @param unsure the job that may not have begun
   */
  const expectTruth = async (wanted: Partial<State>, unsure?: JobName) => {
    expect((await operator.curl('/healthz')).status).toBe(200);
    const outcome: Partial<Record<JobName, string>> = {};
    for (const job of Object.keys(wanted) as JobName[]) outcome[job] = await settled(job);
    await poll('nothing is left', async () => (await leftovers()) === '').catch(async () => {
      expect(await leftovers()).toBe('');
    });
    const now = await readState();
    for (const job of ['update', 'settings', 'certs'] as const) {
      const report = { job, status: outcome[job], state: now[job] };
      const success = { job, status: 'success', state: wanted[job] };
      const failed = { job, status: 'failed', state: before[job] };
      if (job === unsure && now[job] === before[job]) continue;
      if (!(job in wanted)) expect(now[job]).toBe(before[job]);
      // What update.sh has done before the cut stays done.
      else if (job === 'update')
        expect([success, failed, { ...failed, state: wanted.update }]).toContainEqual(report);
      else expect([success, failed]).toContainEqual(report);
    }
    if (outcome.update === 'success') await expectInstalled(now.update);
    expect(await emulator.run(`cat ${ADMIN}/log/*.log | tr -dc '\\0' | wc -c`)).toBe('0\n');
    before = now;
    isDirty = false;
    return outcome;
  };

  const leftovers = () =>
    emulator.run(`cd ${ADMIN}
find home/sftp/uploads home/incoming tmp lib/journals -mindepth 1
find etc lib /usr/local/etc /data -name '.*.new' -o -name '.*.old' -o -name '.admind*'`);

  const expectInstalled = async (version: string) => {
    const [sum] = (await command('sha256sum', [payload])).split(' ');
    expect(await emulator.run(`sha256sum </data/payload-${version}`)).toContain(sum);
  };

  beforeEach(() => {
    rounds += 1;
  });

  test(
    'a first boot with a clock that is years ahead, and its correction while a job runs',
    async () => {
      await powerOn('base=2040-01-01T00:00:00');
      isDirty = false;
      await rest();
      expect(await emulator.run('date +%Y')).toBe('2040\n');
      // Renewed, for all that is known it had expired: valid by the client's clock as well.
      const certificate = await servedCertificate();
      expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
      expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.UTC(2040, 0, 1));
      await begun(startSettings());
      expect(await settled('settings')).toBe('success');
      await hold('begun');
      const version = await begun(startUpdate());
      await held('begun');
      await emulator.run(`date -s @${Math.floor(Date.now() / 1000)}`);
      await expect(begun(startUpdate())).rejects.toThrow('Update is already running');
      await letGo();
      expect(await settled('update')).toBe('success');
      isDirty = false;
      await rest();
      isDirty = false;
      expect(before.update).toBe(version);
      expect((await servedCertificate()).fingerprint256).toBe(certificate.fingerprint256);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'an upload that is cut off is none; settings and a certificate that were committed are changed',
    async () => {
      await rest();
      const limits = ['--max-time', '300', '--limit-rate', '50k'];
      const upload = operator.curl(
        `/api/v1/admin/update?token=${TOKEN}`,
        ...limits,
        '-F',
        `update=@${payload}`,
      );
      await until(`[ "$(cat ${ADMIN}/home/incoming/.upload-*/* | wc -c)" -gt 1000 ]`);
      // Only now: they would keep the update from being sent.
      await hold('image');
      const settings = await begun(startSettings());
      const certs = await begun(startCerts());
      for (const job of ['settings', 'certs'] as const)
        await until(`has ${journal(job)} '"isCommitted":true'`);
      await held('image');
      await cutPower();
      await upload;
      expect(await expectTruth({ settings, certs })).toEqual({ settings: 'success', certs: 'success' });
      expect(await readStatus('update')).toBe('success');
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['while its package is decrypted', `has ${STATUS.update} '"percentage":30}'`],
    ['while its signature is verified', `has ${STATUS.update} '"percentage":40}'`],
    ['while its files are extracted', `[ -e ${ADMIN}/tmp/update ]`],
    ['when update.sh has ended', `has ${STATUS.update} '"percentage":80}'`],
  ])(
    'an update that is cut off %s',
    async (_when, condition) => {
      await rest();
      await slowDown();
      const { wanted } = await startUpdate();
      await until(condition);
      await cutPower();
      await expectTruth({ update: wanted });
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['before update.sh has changed something', 'begun', 'failed', undefined],
    [
      'while update.sh runs on; the clock is years behind then',
      'changed',
      'failed',
      'base=2001-01-01T00:00:00',
    ],
    ['before its success is told', 'image', 'success', undefined],
  ])(
    'an update that is cut off %s',
    async (_when, place, expected, clock) => {
      await rest();
      await hold(place);
      const update = await begun(startUpdate());
      await held(place);
      const certificate = (await servedCertificate()).fingerprint256;
      await cutPower(clock);
      expect(await expectTruth({ update })).toEqual({ update: expected });
      expect((await servedCertificate()).fingerprint256).toBe(certificate);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'an update that has succeeded is on the disk',
    async () => {
      await rest();
      const update = await begun(startUpdate());
      await until(`has ${STATUS.update} success`);
      await cutPower();
      expect(await expectTruth({ update })).toEqual({ update: 'success' });
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'settings that would leave the machine unreachable, and a certificate, are put back',
    async () => {
      await rest();
      await hold('network', 'reload');
      const certs = await begun(startCerts());
      await held('reload');
      const settings = await begun(startSettings(UNREACHABLE));
      await held('network');
      await cutPower();
      expect(await expectTruth({ settings, certs })).toEqual({ settings: 'failed', certs: 'failed' });
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['while the settings are staged', `[ -e ${journal('settings')} ]`, 'certs'],
    ['while the certificate is staged', `[ -e ${journal('certs')} ]`, 'settings'],
    [
      'while the certificate is replaced',
      '[ /usr/local/etc/pki/tls/enterprise.pem -nt /run/mark ]',
      'settings',
    ],
  ] as const)(
    'settings and a certificate that are cut off %s',
    async (_when, condition, unsure) => {
      await rest();
      await slowDown();
      await emulator.run(': >/run/mark');
      // So that neither is over before it is seen.
      await hold('network', 'reload');
      const certs = await startCerts();
      const settings = await startSettings();
      await until(condition).catch(async (error: unknown) => {
        // Why not, if a job did not even begin.
        await Promise.all([certs.answered, settings.answered]);
        throw error;
      });
      await cutPower();
      await expectTruth({ settings: settings.wanted, certs: certs.wanted }, unsure);
    },
    TEST_TIMEOUT_MS,
  );

  if (RANDOM_CUTS > 0) {
    test.each(Array.from({ length: RANDOM_CUTS }, (_, round) => [round]))(
      'at any moment, %i',
      async (round) => {
        await rest();
        if (round % 2 === 0) await slowDown();
        const delay = Math.round(Math.random() * RANDOM_WITHIN_MS);
        const wanted: Partial<State> =
          round % 4 < 2
            ? { update: await begun(startUpdate()) }
            : { settings: await begun(startSettings()), certs: await begun(startCerts()) };
        await sleep(delay);
        process.stderr.write(`cut ${delay} ms after ${Object.keys(wanted).join(' and ')} had begun\n`);
        await cutPower();
        await expectTruth(wanted);
      },
      TEST_TIMEOUT_MS,
    );
  }

  test(
    'after all of it each job succeeds',
    async () => {
      await rest();
      const settings = await begun(startSettings());
      expect(await settled('settings')).toBe('success');
      const certs = await begun(startCerts());
      expect(await settled('certs')).toBe('success');
      const update = await begun(startUpdate());
      expect(await settled('update')).toBe('success');
      isDirty = false;
      await rest();
      expect(before).toEqual({ settings, certs, update });
    },
    TEST_TIMEOUT_MS,
  );
});
