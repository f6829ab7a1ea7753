import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { createContext } from '../../src/context.js';
import { messageOf } from '../../src/core/errors.js';
import { CONFLICTS } from '../../src/jobs/conflicts.js';
import { jobs, type JobName } from '../../src/jobs/index.js';
import type { JobLauncher } from '../../src/jobs/launcher.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { pretendToRun } from '../support/running-job.js';

const names = Object.keys(jobs) as JobName[];

let appliance: TestDaemon;
let launcher: JobLauncher;
beforeAll(async () => {
  appliance = await startTestDaemon();
  launcher = createContext({ root: appliance.root, adminPath: DEFAULT_ADMIN_PATH, channel: 'web' }).launcher;
});
afterAll(() => appliance.stop());

function expectedRefusal(name: JobName, running: JobName): string | undefined {
  const { title } = jobs[name];
  if (name === running) return `${title} is already running`;
  const conflicts = CONFLICTS.some((pair) => pair.includes(name) && pair.includes(running));
  return conflicts ? `${title} cannot start while ${running} runs` : undefined;
}

/** Without input a job that was started fails: it was not refused. @returns the refusal, if there was one */
async function tryToStart(name: JobName): Promise<string | undefined> {
  try {
    const job = await launcher.start(name);
    job.answer();
    await job.ended;
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ kind: 'badRequest' });
    return messageOf(error);
  }
}

describe.each(names)('while %s runs', (running) => {
  let end: () => Promise<void>;
  beforeAll(async () => {
    end = await pretendToRun(running, appliance.paths);
  });
  afterAll(() => end());

  test.each(names.map((name) => [name, expectedRefusal(name, running) ?? 'starts'] as const))(
    '%s: %s',
    async (name, expected) => {
      expect((await tryToStart(name)) ?? 'starts').toBe(expected);
      const early = await launcher.refuseIfBusy(name).then(
        () => 'starts',
        (error: unknown) => messageOf(error),
      );
      expect(early).toBe(expected);
    },
  );
});

test('every job starts when nothing runs', async () => {
  for (const name of names) expect([name, await tryToStart(name)]).toEqual([name, undefined]);
});

test('no pair of the table names a job twice or is there twice', () => {
  const pairs = CONFLICTS.map((pair) => [...pair].sort().join(' '));
  expect(pairs).toEqual([...new Set(pairs)]);
  expect(CONFLICTS.filter(([a, b]) => a === b)).toEqual([]);
});

test('a refusal reaches the client in the form of all errors', async () => {
  const end = await pretendToRun('settings', appliance.paths);
  const { status, text } = await appliance.signed('POST', '/update').attach('update', Buffer.from('x'), 'x');
  await end();
  expect([status, text]).toEqual([
    400,
    '{"Status":"400 Bad Request","Error-Message":"Update cannot start while settings runs"}',
  ]);
});
