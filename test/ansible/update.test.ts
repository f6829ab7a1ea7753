import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { startDaemon, type Daemon } from '../../src/main.js';
import { poll } from '../support/poll.js';
import { describeWith } from '../support/tools.js';
import { makePackage } from '../support/update-package.js';
import type { FleetMember } from './fleet.js';
import { LIMIT_MS, setStage, TOKEN } from './stage.js';

/** Fails where the appliance has a file `etc/full`. */
const UPDATE = `echo looking around
if [ -e "$JIDO_ADMIN_PATH/etc/full" ]; then
  echo 'the database has no space left' >"$JIDO_ADMIN_PATH/etc/status_error_message.txt"
  echo E2001 >"$JIDO_ADMIN_PATH/etc/status_error_code.txt"
  exit 1
fi
cp version.txt "$JIDO_ADMIN_PATH/etc/"
`;

describeWith(
  'ansible-playbook',
  'curl',
  'openssl',
)('update.yml', () => {
  const stage = setStage();
  let fleet: readonly FleetMember[];
  let vars: Record<string, unknown>;

  beforeEach(async () => {
    fleet = await stage.start(['one', 'two', 'three'], { token: TOKEN });
    vars = {
      admind_token: TOKEN,
      admind_update_version: '1.1.0',
      admind_update_package: await makePackage(fleet[0]!, { 'version.txt': '1.1.0\n', 'update.sh': UPDATE }),
    };
  });

  const versions = () => Promise.all(fleet.map(({ paths, read }) => read(paths.version)));

  test(
    'updates one after another and stops at the first failure with its reason; who has the version is left alone',
    async () => {
      const [, two, three] = fleet;
      await two!.write(join(two!.paths.etc, 'full'), '');

      const check = await stage.control.play('update.yml', { fleet: [two!], vars, args: ['--check'] });
      expect(check.recap).toEqual({ two: { changed: 1, failed: 0 } });
      expect(existsSync(two!.paths.updateLog)).toBe(false);

      const first = await stage.control.play('update.yml', { fleet, vars, args: ['-v'] });
      expect(first.status).not.toBe(0);
      expect(first.recap).toEqual({ one: { changed: 1, failed: 0 }, two: { changed: 0, failed: 1 } });
      expect(first.output).toContain('admind: E2001: the database has no space left');
      expect(first.output).toContain('looking around');
      expect(first.output).not.toContain(TOKEN);
      expect(await versions()).toEqual(['1.1.0\n', '1.0.0\n', '1.0.0\n']);
      expect(existsSync(three!.paths.updateLog)).toBe(false);

      const again = await stage.control.play('update.yml', { fleet: fleet.slice(0, 1), vars });
      expect([again.recap, again.status]).toEqual([{ one: { changed: 0, failed: 0 } }, 0]);
    },
    LIMIT_MS,
  );

  test(
    'reboots and waits until the appliance is back',
    async () => {
      const [one] = fleet;
      let output = '';
      const played = stage.control.play('update.yml', {
        fleet: [one!],
        vars: { ...vars, admind_reboot: true },
        watch: (text) => (output = text),
      });
      const rebooted = join(one!.paths.data, 'reboot.state');
      await poll('it reboots', () => Promise.resolve(existsSync(rebooted)), 60_000);
      await one!.daemon.stop();
      await poll('its absence is noticed', () =>
        Promise.resolve(/is down[^]*Wait until it is ready/.test(output)),
      );
      const back: Daemon = await startDaemon({
        root: one!.root,
        adminPath: DEFAULT_ADMIN_PATH,
        port: one!.port,
      });
      try {
        const { recap, status } = await played;
        expect([recap, status]).toEqual([{ one: { changed: 2, failed: 0 } }, 0]);
      } finally {
        await back.stop();
      }
    },
    LIMIT_MS,
  );
});
