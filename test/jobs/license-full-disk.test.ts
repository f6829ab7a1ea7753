import { join } from 'node:path';
import { licenseJob } from '../../src/jobs/license.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { readTextFile } from '../../src/system/atomic-file.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { writeScript } from '../support/script-file.js';
import { mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';

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

testWithMount(
  'where the image cannot be saved for want of space, the license and its success stay',
  async () => {
    const { paths } = appliance;
    await writeScript(paths.symlinktool, 'exit 0');
    const unmount = mountTmpfs(paths.tmp, '64k,nr_inodes=1');
    try {
      expect((await send('{"a":1}')).text).toBe('{"a":1}');
      expect([await status(), await inPlace()]).toEqual(['success', '{"a":1}']);
    } finally {
      unmount();
    }
  },
);
