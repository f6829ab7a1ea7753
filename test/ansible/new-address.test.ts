import { existsSync } from 'node:fs';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { startDaemon } from '../../src/main.js';
import { isLocked } from '../../src/system/lock.js';
import { poll } from '../support/poll.js';
import { describeWith } from '../support/tools.js';
import { LIMIT_MS, SETTINGS, setStage, TOKEN } from './stage.js';

describeWith(
  'ansible-playbook',
  'curl',
  'openssl',
)('setup.yml with a new address', () => {
  const stage = setStage();

  test(
    'follows the appliance to the address that its settings give it, and finds it there again',
    async () => {
      const fleet = await stage.start(['one']);
      const [one] = fleet;
      const run = () =>
        stage.control.play('setup.yml', {
          fleet,
          vars: { admind_token: TOKEN, admind_settings: SETTINGS, admind_new_host: '127.0.0.9' },
        });
      const first = run();
      const { paths } = one!;
      await poll(
        'the settings are changed',
        async () => existsSync(paths.networkConf) && !(await isLocked(lockOf('settings', paths))),
        LIMIT_MS / 2,
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
});
