import { readFile } from 'node:fs/promises';
import { createAuthority, type TestAuthority } from '../support/certificates.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { describeWith } from '../support/tools.js';
import { LIMIT_MS, SETTINGS, setStage, TOKEN, UNCHANGED } from './stage.js';

describeWith(
  'ansible-playbook',
  'ansible-vault',
  'curl',
  'openssl',
)('setup.yml with a certificate', () => {
  const stage = setStage();
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await createAuthority();
  });
  afterAll(() => authority.remove());

  test(
    'installs it with its key from a vault, and the license, and tells what the appliance has put back',
    async () => {
      const fleet = await stage.start(['one']);
      const [one] = fleet;
      const ca = await authority.issue('authority', { isCa: true });
      const pair = await authority.issue('appliance', { issuer: ca });
      const password = await stage.control.file('vault-password', 'vault-secret');
      const key = await stage.control.file('appliance.key', pair.key);
      const license = await stage.control.file('license.asc', '{"users":20}');
      for (const file of [key, license]) {
        await stage.control.run('ansible-vault', ['encrypt', '--vault-password-file', password, file]);
      }
      expect(await readFile(key, 'utf8')).toContain('$ANSIBLE_VAULT');
      const vars = {
        admind_token: TOKEN,
        admind_cacert: await stage.control.file('old.pem', await one!.read(one!.paths.tlsCertificate)),
        admind_certs: {
          public: await stage.control.file('appliance.pem', pair.certificate),
          private: key,
          ca: await stage.control.file('ca.pem', ca.certificate),
        },
        admind_license: license,
        admind_settings: SETTINGS,
      };
      const hostVars = { one: { admind_fingerprint: [] } };
      const args = ['--vault-password-file', password];

      const first = await stage.control.play('setup.yml', { fleet, vars, hostVars, args: [...args, '-vvv'] });
      expect([first.recap.one, first.status]).toEqual([{ changed: 4, failed: 0 }, 0]);
      expect(first.output).not.toContain('PRIVATE KEY');
      expect(await one!.read(one!.paths.license)).toBe('{"users":20}');
      expect(await servedFingerprint(one!.port)).not.toBe(one!.fingerprint);

      const second = await stage.control.play('setup.yml', { fleet, vars, hostVars, args });
      expect([second.recap.one, second.status]).toEqual([UNCHANGED, 0]);

      const unlucky = { ...SETTINGS, network: { interface: 'eth0', hostname: 'unlucky' } };
      const failed = await stage.control.play('setup.yml', {
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

  test(
    'says why the appliance has refused it; the old one stays',
    async () => {
      const fleet = await stage.start(['one']);
      const [mine, other] = await Promise.all(['mine', 'other'].map((name) => authority.issue(name)));
      const admind_certs = {
        public: await stage.control.file('mine.pem', mine!.certificate),
        private: await stage.control.file('other.key', other!.key),
      };
      const { recap, output } = await stage.control.play('setup.yml', {
        fleet,
        vars: { admind_token: TOKEN, admind_certs },
      });
      expect(recap.one?.failed).toBe(1);
      expect(output).toContain('POST /certs at ');
      expect(output).toContain('Public/private key SHA256 hash mismatch');
      expect(await servedFingerprint(fleet[0]!.port)).toBe(fleet[0]!.fingerprint);
    },
    LIMIT_MS,
  );
});
