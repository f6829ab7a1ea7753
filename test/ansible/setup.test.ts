import { existsSync } from 'node:fs';
import { ISCSI } from '../support/storage-settings.js';
import { describeWith } from '../support/tools.js';
import { LIMIT_MS, SETTINGS, setStage, TOKEN, tokenOf, UNCHANGED } from './stage.js';

const STORAGE = { ...ISCSI, password: 'iscsi-"secret-\\90' };

describeWith(
  'ansible-playbook',
  'curl',
  'openssl',
)('setup.yml', () => {
  const stage = setStage();

  test(
    'sets three up; another run changes nothing; a check tells what would change; no secret is shown',
    async () => {
      const fleet = await stage.start(['one', 'two', 'three']);
      const vars = { admind_token: TOKEN, admind_settings: SETTINGS, admind_storage: STORAGE };
      const args = ['-e', 'admind_batch=3'];

      const check = await stage.control.play('setup.yml', { fleet, vars, args: [...args, '--check'] });
      const one = { changed: 1, failed: 0 };
      expect([check.recap, check.status]).toEqual([{ one, two: one, three: one }, 0]);
      for (const member of fleet) expect(await tokenOf(member)).toBeUndefined();

      const first = await stage.control.play('setup.yml', { fleet, vars, args: [...args, '-vvv'] });
      const three = { changed: 3, failed: 0 };
      expect([first.recap, first.status]).toEqual([{ one: three, two: three, three }, 0]);
      for (const secret of [TOKEN, 'app-secret', 'secret-']) expect(first.output).not.toContain(secret);
      for (const member of fleet) {
        const { paths, read } = member;
        expect(await tokenOf(member)).toBe(TOKEN);
        expect(JSON.parse(await read(paths.appJson))).toEqual(SETTINGS.app);
        expect(JSON.parse(await read(paths.storageJson))).toEqual({ storage: STORAGE });
      }

      const second = await stage.control.play('setup.yml', { fleet, vars, args });
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
    { title: 'cannot be reached', one: { admind_port: 9 }, reason: 'does not answer within 2 seconds' },
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
      const fleet = await stage.start(['one', 'two']);
      await fleet[0]!.write(fleet[0]!.paths.apiToken, `${TOKEN}\n`);
      const played = await stage.control.play('setup.yml', {
        fleet,
        vars: { admind_token: TOKEN, admind_ready_timeout_seconds: 2 },
        hostVars: { one },
        args: ['-v'],
      });
      expect(played.status).not.toBe(0);
      expect(played.recap).toEqual({ one: { changed: 0, failed: 1 } });
      expect(played.output).toContain(reason);
      for (const secret of [TOKEN, 'wrong-secret']) expect(played.output).not.toContain(secret);
      expect(await tokenOf(fleet[1]!)).toBeUndefined();
    },
    LIMIT_MS,
  );

  test(
    'in a batch with one whose settings are refused, the others end the step they are at',
    async () => {
      const fleet = await stage.start(['one', 'two', 'three'], { token: TOKEN });
      const network = { interface: 'eth0', hostname: 'not allowed' };
      const played = await stage.control.play('setup.yml', {
        fleet,
        vars: { admind_token: TOKEN, admind_settings: SETTINGS, admind_storage: STORAGE },
        hostVars: { one: { admind_settings: { network } } },
        args: ['-e', 'admind_batch=2'],
      });
      expect(played.recap).toEqual({ one: { changed: 0, failed: 1 }, two: { changed: 1, failed: 0 } });
      expect(played.status).not.toBe(0);
      expect(played.output).toContain('Missing or invalid string for option: hostname');
      expect(existsSync(fleet[1]!.paths.storageJson)).toBe(false);
      expect(existsSync(fleet[2]!.paths.networkConf)).toBe(false);
    },
    LIMIT_MS,
  );
});
