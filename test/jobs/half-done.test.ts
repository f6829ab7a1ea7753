import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_ADMIN_PATH, journalOf, productPath } from '../../src/config/paths.js';
import { readSettings } from '../../src/config/settings.js';
import { createLogger } from '../../src/core/logger.js';
import { acquireJobLock } from '../../src/jobs/acquire.js';
import { licenseJob } from '../../src/jobs/license.js';
import { launchRunner } from '../../src/jobs/runner-process.js';
import { writeJobStatus } from '../../src/records/job-status.js';
import { replaceFiles } from '../../src/system/file-change.js';
import { spawnPeer } from '../../src/system/peer.js';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { writeScript } from '../support/script-file.js';

/* What a run that was killed in the middle of its change has left, where no launcher has put it right. */

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance();
});
afterEach(() => appliance.remove());

const logger = createLogger('silent');

test('a job puts right what another run of it has left before it begins', async () => {
  const { paths, root, write, read } = appliance;
  await write(paths.license, 'old');
  await writeScript(join(paths.bin, 'license.sh'), 'exit 1');
  await replaceFiles(journalOf(paths, 'license'), [
    { file: paths.license, content: 'half-done', mode: 0o640 },
  ]);
  await writeJobStatus(licenseJob.status(paths), 'running');
  const sent = join(root, 'sent.asc');
  await write(sent, 'new');
  const order = { run: 'license', inputs: { license: sent } } as const;
  const setup = { root, adminPath: DEFAULT_ADMIN_PATH, settings: readSettings(paths.settings) };
  const runner = spawnPeer([process.execPath, productPath('dist/jobs/runner.js')], 'ignore');
  const isPublished = () => Promise.resolve(false);
  const launched = await launchRunner({ runner, order: { ...order, ...setup }, isPublished, logger });
  expect(await (launched.state === 'started' ? launched.job.ended : launched)).toMatchObject({
    state: 'failed',
  });
  expect(await read(paths.license)).toBe('old');
  const left = await Promise.all(
    [dirname(paths.license), paths.journals].map((directory) => readdir(directory)),
  );
  expect(left.flat().filter((name) => /^\.|json$/.test(name))).toEqual([]);
});

test('no job begins that would read or replace what another one has left half-done, but for what may help', async () => {
  const { paths } = appliance;
  await replaceFiles(journalOf(paths, 'storage'), [
    { file: paths.storageConf, content: 'half-done', mode: 0o600 },
  ]);
  expect(await acquireJobLock('backup', paths, logger)).toEqual({ refusedBy: 'storage' });
  for (const name of ['certs', 'update', 'reboot'] as const) {
    const lock = await acquireJobLock(name, paths, logger);
    expect(lock).toHaveProperty('release');
    if ('release' in lock) await lock.release();
  }
}, 15_000);
