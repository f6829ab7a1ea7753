import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_ADMIN_PATH, productPath } from '../../src/config/paths.js';
import { readSettings } from '../../src/config/settings.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { jobs, type JobName } from '../../src/jobs/index.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { isLocked } from '../../src/system/lock.js';
import { createAppliance, TOKEN, type TestAppliance } from '../support/appliance.js';
import { startDaemonProcess } from '../support/daemon-process.js';
import { faultAt } from '../support/faulty-file.js';
import { poll } from '../support/poll.js';
import { runnerOf } from '../support/running-job.js';
import { writeScript } from '../support/script-file.js';
import { makePackage } from '../support/update-package.js';

/* Who asked for a job is gone before it has started: nobody was told that it runs. */

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance({ shutdownGraceMs: 100, logLevel: 'info' });
});
afterEach(() => appliance.remove());

const HUNG_UP = /was stopped: who asked for it hung up before it had started\n/;

async function expectStopped(name: JobName): Promise<void> {
  const { paths, read } = appliance;
  const { fields } = await readJobStatus(jobs[name].status(paths));
  expect(fields.status).toBe('failed');
  expect(await read(jobs[name].log(paths).file)).toMatch(HUNG_UP);
  const left = [paths.taken, paths.tmp, paths.journals].map((directory) => readdir(directory));
  expect((await Promise.all(left)).flat()).toEqual([]);
}

async function orderAndHangUp(name: JobName, inputs: Readonly<Record<string, string>>): Promise<void> {
  const { root, paths } = appliance;
  const setup = { root, adminPath: DEFAULT_ADMIN_PATH, settings: readSettings(paths.settings) };
  const runner = spawn(process.execPath, [productPath('dist/jobs/runner.js')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  runner.stdin.end(`${JSON.stringify({ run: name, inputs, ...setup })}\n`);
  await once(runner, 'exit');
}

test('a job is stopped, with its inputs', async () => {
  const { paths, root, write } = appliance;
  await writeScript(join(paths.bin, 'license.sh'), 'echo "{}"');
  await write(join(root, 'sent'), 'new');
  await orderAndHangUp('license', { license: join(root, 'sent') });
  await expectStopped('license');
  expect(existsSync(paths.license)).toBe(false);
});

test('a job without inputs is stopped, too', async () => {
  const { paths, root } = appliance;
  const done = join(root, 'rebooted');
  await writeScript(join(paths.bin, 'reboot.sh'), `touch ${done}`);
  await orderAndHangUp('reboot', {});
  await expectStopped('reboot');
  expect(existsSync(done)).toBe(false);
});

test('a daemon that is stopped does not wait for a job that takes its inputs over, which ends', async () => {
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  const prefix = faultAt({ file: paths.updatePackage, effect: 'SIGSTOP', nth: 1 });
  const daemon = await startDaemonProcess(appliance, { prefix });
  const answer = daemon.call('post', '/update').attach('update', await makePackage(appliance, {}));
  // It is cut off.
  void answer.then(noValue, noValue);
  const runner = await poll('the runner is stopped', async () => {
    const pid = await runnerOf('update', paths);
    return pid !== undefined && /^State:\sT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) && pid;
  });
  try {
    await daemon.kill('SIGTERM');
    expect(daemon.process.exitCode).toBe(0);
  } finally {
    process.kill(runner, 'SIGCONT');
  }
  await poll('the runner ends', async () => !(await isLocked(lockOf('update', paths))));
  await expectStopped('update');
});

function noValue(): undefined {
  return undefined;
}
