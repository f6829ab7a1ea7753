import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { journalOf } from '../../src/config/paths.js';
import { sleep } from '../../src/core/clock.js';
import { lockOf } from '../../src/jobs/acquire.js';
import { licenseJob } from '../../src/jobs/license.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { isLocked } from '../../src/system/lock.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { runnerOf } from '../support/running-job.js';
import { writeScript } from '../support/script-file.js';
import { mountTmpfs, testWithMount } from '../support/tmpfs.js';

const ROUNDS = Number(process.env.ADMIND_CAMPAIGN ?? 6);
/** About what a license takes from its lock to its end. */
const LONGEST_MS = 300;

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({
    settings: { settleIntervalMs: 50 },
    prepare: ({ paths, write }) =>
      write(paths.endpointConfiguration, '{"endpoints":["license"],"parameters":["license"]}'),
  });
  await writeScript(
    join(appliance.paths.bin, 'license.sh'),
    'sleep 0.05; exec cat "$JIDO_ADMIN_PATH/etc/license.asc"',
  );
});
afterEach(() => appliance.stop());

const send = (content: string) =>
  appliance.signed('POST', '/license').attach('license', Buffer.from(content), 'license.asc');
const inPlace = () => readTextFile(appliance.paths.license);
const status = async () => (await readJobStatus(licenseJob.status(appliance.paths))).fields.status;

test(
  'a runner that is killed at any moment leaves the old license or the new one, and its status tells which',
  async () => {
    const { paths } = appliance;
    let old = undefined as string | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      await rm(paths.licenseStatus, { force: true });
      const isValid = round % 3 !== 2;
      const next = isValid ? `{"license":${round}}` : `garbage ${round}`;
      const delayMs = Math.random() * LONGEST_MS;
      const answer = send(next).then(({ status: code }) => code);
      const runner = await poll('the job begins', () => runnerOf('license', paths));
      await sleep(delayMs);
      tryToKill(runner);
      const code = await answer;
      await poll('it is settled', async () => {
        const isOpen = existsSync(journalOf(paths, 'license')) || (await status()) === 'running';
        return !isOpen && !(await isLocked(lockOf('license', paths)));
      });
      const found = { round, delayMs, code, status: await status(), license: await inPlace() };
      const expected = found.status === 'success' ? next : old;
      expect(found).toEqual({ ...found, license: expected });
      if (found.status === 'success') expect(isValid).toBe(true);
      if (code === 200) expect(found.status).toBe('success');
      expect((await readdir(paths.etc)).filter((name) => name.endsWith('.old'))).toEqual([]);
      expect(await readdir(paths.uploads)).toEqual([]);
      old = expected;
    }
    expect((await send('{"license":"last"}')).text).toBe('{"license":"last"}');
    expect((await appliance.signed('GET', '/license')).text).toBe('{"license":"last"}');
  },
  60_000 + ROUNDS * 5_000,
);

testWithMount('a full disk keeps the previous license, and the next one works', async () => {
  const { paths } = appliance;
  const token = await appliance.read(paths.apiToken);
  const unmount = mountTmpfs(paths.etc, '64k');
  try {
    await appliance.write(paths.apiToken, token);
    expect((await send('{"a":1}')).status).toBe(200);
    const { status: code, body } = await send(`{"a":"${'x'.repeat(100_000)}"}`);
    expect([code, body]).toMatchObject([
      500,
      { 'Error-Message': 'The license change did not end well. See the log of the appliance' },
    ]);
    expect([await status(), await inPlace()]).toEqual(['failed', '{"a":1}']);
    expect(await appliance.read(paths.licenseLog)).toMatch(/ENOSPC.*\n.*Invalid or missing license file\n$/);
    expect((await send('{"a":2}')).text).toBe('{"a":2}');
  } finally {
    unmount();
  }
});

/** It may have ended by itself. */
function tryToKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' });
  }
}
