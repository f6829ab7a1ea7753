import { acquireJobLock } from '../../src/jobs/acquire.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { fillDisk, mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

testWithMount(
  'a job that needs no space begins without a lock where there is none, and says so',
  async () => {
    const { paths } = appliance;
    const lines: unknown[] = [];
    const logger = { error: (...line: unknown[]) => void lines.push(line) };
    const unmount = mountTmpfs(paths.locks, '64k');
    try {
      await fillDisk(`${paths.locks}/fill`);
      await expect(acquireJobLock('update', paths, logger)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(lines).toEqual([]);
      const lock = await acquireJobLock('reboot', paths, logger);
      expect(lock).toHaveProperty('release');
      expect(lines).toEqual([
        [
          { job: 'reboot', reason: expect.stringContaining('ENOSPC') as string },
          'a lock could not be written',
        ],
      ]);
    } finally {
      unmount();
    }
  },
);
