import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EVERYTHING } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({
    settings: { scriptOutputLimitBytes: 0, settleIntervalMs: 50 },
    prepare: async ({ paths, write }) => {
      await write(paths.endpointConfiguration, EVERYTHING);
      await write(paths.backupList, 'links\n');
      await mkdir(join(paths.data, 'links'), { recursive: true });
    },
  });
});
afterEach(() => appliance.stop());

/** What the log says of a backup of so many links that lead out, without the times. */
async function backUpLinks(count: number): Promise<readonly string[]> {
  const { data, backupLog } = appliance.paths;
  const name = (index: number) => `${'x'.repeat(90)}${String(index).padStart(5, '0')}`;
  for (let index = 0; index < count; index += 1) await symlink('/etc', join(data, 'links', name(index)));
  expect((await appliance.signed('POST', '/backup').field('action', 'START')).status).toBe(202);
  await poll('the backup ends', async () => {
    const { body } = (await appliance.signed('GET', '/backup')) as { body: { status: string } };
    return body.status === 'success';
  });
  return (await appliance.read(backupLog)).replace(/^\[\d+\]/gm, '').split('\n');
}

test('the log of a backup is whole, however many files it had to leave out', async () => {
  const lines = await backUpLinks(1_000);
  expect(
    lines.filter((line) => /^\[SYSTEM\] Left out: "links\/x+.*" is a link that may lead/.test(line)),
  ).toHaveLength(1_000);
  expect(lines.slice(-3)).toEqual([expect.stringMatching(/^Created file: /), '[SYSTEM] Backup complete', '']);
});

test('of more than 1000 files left out it is told how many there are', async () => {
  const lines = await backUpLinks(1_203);
  expect(lines.filter((line) => line.includes('Left out: '))).toHaveLength(1_000);
  expect(lines.slice(-4)).toEqual([
    '[SYSTEM] And 203 more files left out, or changed while they were backed up',
    expect.stringMatching(/^Created file: /),
    '[SYSTEM] Backup complete',
    '',
  ]);
});
