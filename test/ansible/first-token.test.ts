import { describeWith } from '../support/tools.js';
import { LIMIT_MS, setStage, TOKEN, tokenOf, UNCHANGED } from './stage.js';

describeWith(
  'ansible-playbook',
  'curl',
  'openssl',
)('setup.yml and the token', () => {
  const stage = setStage();

  test(
    'needs the first-run words where they protect the first set-up, and changes a token by the previous one',
    async () => {
      const configuration = JSON.stringify({ 'first-run': { enabled: true, 'word-length': 4 } });
      const fleet = await stage.start(['one'], {
        prepare: ({ paths, write }) => write(paths.endpointConfiguration, configuration),
      });
      const [one] = fleet;
      const setUp = (vars: object, ...args: string[]) =>
        stage.control.play('setup.yml', { fleet, vars: { admind_token: TOKEN, ...vars }, args });

      const refused = await setUp({});
      expect(refused.recap.one).toEqual({ changed: 0, failed: 1 });
      expect(refused.output).toContain('set admind_passphrase to the words that its console shows');

      const words = (await one!.read(one!.paths.apiTokenSetup)).trim();
      const first = await setUp({ admind_passphrase: words }, '-vvv');
      expect(first.recap.one).toEqual({ changed: 1, failed: 0 });
      for (const secret of [TOKEN, words]) expect(first.output).not.toContain(secret);

      const next = { admind_token: 'the-next-secret', admind_previous_token: TOKEN };
      expect((await setUp(next)).recap.one).toEqual({ changed: 1, failed: 0 });
      expect(await tokenOf(one!)).toBe('the-next-secret');
      expect((await setUp(next)).recap.one).toEqual(UNCHANGED);
    },
    LIMIT_MS,
  );
});
