import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { startDaemon } from '../../src/main.js';
import { isLocked } from '../../src/system/lock.js';
import { createAuthority, type TestAuthority } from '../support/certificates.js';
import { poll } from '../support/poll.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { ISCSI } from '../support/storage-settings.js';
import { describeWith } from '../support/tools.js';
import { startFleet, type FleetMember } from './fleet.js';
import { createControlNode, type ControlNode } from './playbook.js';

const LIMIT_MS = 240_000;
const TOKEN = 'fleet-token-7f3a';
const SETTINGS = {
  network: { interface: 'eth0', hostname: 'appliance.example' },
  app: { name: 'fleet', limit: 3, key: 'app-secret-51c0' },
};
const STORAGE = { ...ISCSI, password: 'iscsi-"secret-\\90' };
const UNCHANGED = { changed: 0, failed: 0 };

describeWith(
  'ansible-playbook',
  'ansible-vault',
  'curl',
  'openssl',
)('setup.yml', () => {
  let control: ControlNode;
  let fleet: readonly FleetMember[] = [];

  beforeEach(async () => {
    control = await createControlNode();
  });
  afterEach(async () => {
    const leftovers = await control.leftovers();
    for (const member of fleet) await member.stop();
    fleet = [];
    await control.remove();
    expect(leftovers).toEqual([]);
  });

  const tokenOf = ({ paths, read }: FleetMember) => read(paths.apiToken).catch(() => 'none');

  test(
    'sets three up; another run changes nothing; a check tells what would change; no secret is shown',
    async () => {
      fleet = await startFleet(['one', 'two', 'three']);
      const vars = { admind_token: TOKEN, admind_settings: SETTINGS, admind_storage: STORAGE };
      const args = ['-e', 'admind_batch=3'];

      const check = await control.play('setup.yml', { fleet, vars, args: [...args, '--check'] });
      const one = { changed: 1, failed: 0 };
      expect([check.recap, check.status]).toEqual([{ one, two: one, three: one }, 0]);
      for (const member of fleet) expect(await tokenOf(member)).toBe('none');

      const first = await control.play('setup.yml', { fleet, vars, args: [...args, '-vvv'] });
      const three = { changed: 3, failed: 0 };
      expect([first.recap, first.status]).toEqual([{ one: three, two: three, three }, 0]);
      for (const secret of [TOKEN, 'app-secret', 'secret-']) expect(first.output).not.toContain(secret);
      for (const member of fleet) {
        const { paths, read } = member;
        expect(await tokenOf(member)).toBe(`${TOKEN}\n`);
        expect(JSON.parse(await read(paths.appJson))).toEqual(SETTINGS.app);
        expect(JSON.parse(await read(paths.storageJson))).toEqual({ storage: STORAGE });
      }

      const second = await control.play('setup.yml', { fleet, vars, args });
      expect([second.recap, second.status]).toEqual([
        { one: UNCHANGED, two: UNCHANGED, three: UNCHANGED },
        0,
      ]);
    },
    LIMIT_MS,
  );

  test.each([
    {
      title: 'has another token',
      one: { admind_token: 'a-wrong-secret' },
      reason: 'refuses admind_token: it has another token already',
    },
    { title: 'cannot be reached', one: { admind_port: 9 }, reason: 'Connection refused' },
    {
      title: 'shows another certificate',
      one: { admind_fingerprint: 'AB:CD' },
      reason: 'shows another certificate than admind_fingerprint names: ',
    },
    {
      title: 'shows a certificate of another authority',
      one: { admind_fingerprint: [], admind_cacert: '' },
      reason: "give the appliance's certificate, or the one that signed it",
    },
  ])(
    'stops at one that $title; the next one is left alone',
    async ({ one, reason }) => {
      fleet = await startFleet(['one', 'two']);
      await fleet[0]!.write(fleet[0]!.paths.apiToken, `${TOKEN}\n`);
      const played = await control.play('setup.yml', {
        fleet,
        vars: { admind_token: TOKEN, admind_ready_timeout_seconds: 2 },
        hostVars: { one },
        args: ['-v'],
      });
      expect(played.status).not.toBe(0);
      expect(played.recap).toEqual({ one: { changed: 0, failed: 1 } });
      expect(played.output).toContain(reason);
      for (const secret of [TOKEN, 'wrong-secret']) expect(played.output).not.toContain(secret);
      expect(await tokenOf(fleet[1]!)).toBe('none');
    },
    LIMIT_MS,
  );

  test(
    'needs the first-run words where they protect the first set-up, and changes a token by the previous one',
    async () => {
      const configuration = JSON.stringify({ 'first-run': { enabled: true, 'word-length': 4 } });
      fleet = await startFleet(['one'], {
        prepare: ({ paths, write }) => write(paths.endpointConfiguration, configuration),
      });
      const [one] = fleet;
      const setUp = (vars: object, ...args: string[]) =>
        control.play('setup.yml', { fleet, vars: { admind_token: TOKEN, ...vars }, args });

      const refused = await setUp({});
      expect(refused.recap.one).toEqual({ changed: 0, failed: 1 });
      expect(refused.output).toContain('set admind_passphrase to the words that its console shows');

      const words = (await one!.read(one!.paths.apiTokenSetup)).trim();
      const first = await setUp({ admind_passphrase: words }, '-vvv');
      expect(first.recap.one).toEqual({ changed: 1, failed: 0 });
      for (const secret of [TOKEN, words]) expect(first.output).not.toContain(secret);

      const next = { admind_token: 'the-next-secret', admind_previous_token: TOKEN };
      expect((await setUp(next)).recap.one).toEqual({ changed: 1, failed: 0 });
      expect(await tokenOf(one!)).toBe('the-next-secret\n');
      expect((await setUp(next)).recap.one).toEqual(UNCHANGED);
    },
    LIMIT_MS,
  );

  test(
    'follows the appliance to the address that its settings give it, and finds it there again',
    async () => {
      fleet = await startFleet(['one']);
      const [one] = fleet;
      const run = () =>
        control.play('setup.yml', {
          fleet,
          vars: { admind_token: TOKEN, admind_settings: SETTINGS, admind_new_host: '127.0.0.9' },
        });
      const first = run();
      const { paths } = one!;
      await poll(
        'the settings are changed',
        async () => existsSync(paths.networkConf) && !(await isLocked(lockOf('settings', paths))),
      );
      await one!.daemon.stop();
      const moved = await startDaemon({
        root: one!.root,
        adminPath: DEFAULT_ADMIN_PATH,
        host: '127.0.0.9',
        port: one!.port,
      });
      try {
        for (const [played, changed] of [
          [await first, 2],
          [await run(), 0],
        ] as const) {
          expect([played.recap.one, played.status]).toEqual([{ changed, failed: 0 }, 0]);
        }
      } finally {
        await moved.stop();
      }
    },
    LIMIT_MS,
  );

  describe('with a certificate', () => {
    let authority: TestAuthority;
    beforeAll(async () => {
      authority = await createAuthority();
    });
    afterAll(() => authority.remove());

    test(
      'installs it with its key from a vault, and the license, and tells what the appliance has put back',
      async () => {
        fleet = await startFleet(['one']);
        const [one] = fleet;
        const ca = await authority.issue('authority', { isCa: true });
        const pair = await authority.issue('appliance', { issuer: ca });
        const password = await control.file('vault-password', 'vault-secret');
        const key = await control.file('appliance.key', pair.key);
        const license = await control.file('license.asc', '{"users":20}');
        for (const file of [key, license]) {
          await control.run('ansible-vault', ['encrypt', '--vault-password-file', password, file]);
        }
        expect(await readFile(key, 'utf8')).toContain('$ANSIBLE_VAULT');
        const vars = {
          admind_token: TOKEN,
          admind_cacert: await control.file('old.pem', await one!.read(one!.paths.tlsCertificate)),
          admind_certs: {
            public: await control.file('appliance.pem', pair.certificate),
            private: key,
            ca: await control.file('ca.pem', ca.certificate),
          },
          admind_license: license,
          admind_settings: SETTINGS,
        };
        const hostVars = { one: { admind_fingerprint: [] } };
        const args = ['--vault-password-file', password];

        const first = await control.play('setup.yml', { fleet, vars, hostVars, args: [...args, '-vvv'] });
        expect([first.recap.one, first.status]).toEqual([{ changed: 4, failed: 0 }, 0]);
        expect(first.output).not.toContain('PRIVATE KEY');
        expect(await one!.read(one!.paths.license)).toBe('{"users":20}');
        expect(await servedFingerprint(one!.port)).not.toBe(one!.fingerprint);

        const second = await control.play('setup.yml', { fleet, vars, hostVars, args });
        expect([second.recap.one, second.status]).toEqual([UNCHANGED, 0]);

        const unlucky = { ...SETTINGS, network: { interface: 'eth0', hostname: 'unlucky' } };
        const failed = await control.play('setup.yml', {
          fleet,
          vars: { ...vars, admind_settings: unlucky },
          hostVars,
          args,
        });
        expect(failed.recap.one?.failed).toBe(1);
        expect(failed.output).toContain('the previous state was put back');
      },
      LIMIT_MS,
    );
  });
});
