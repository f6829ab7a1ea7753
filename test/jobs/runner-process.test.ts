import { sleep } from '../../src/core/clock.js';
import { createLogger } from '../../src/core/logger.js';
import { launchRunner } from '../../src/jobs/runner-process.js';
import type { RunnerReport } from '../../src/jobs/runner-messages.js';
import type { Peer } from '../../src/system/peer.js';

const BEGIN_TIMEOUT_MS = 20;

/** A runner that makes each of its reports when it is asked for, and hangs after the last of them until it is given up. */
function createRunner(...reports: readonly (() => RunnerReport | Promise<RunnerReport>)[]) {
  const rest = [...reports];
  let isGivenUp = false;
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const peer: Peer = {
    pid: undefined,
    // One that cannot be killed.
    ended: new Promise(() => undefined),
    abandon() {
      isGivenUp = true;
      giveUp();
    },
    unref: () => undefined,
    send: () => Promise.resolve(),
    receive: () => Promise.race([givenUp, rest.shift()?.() ?? givenUp]),
  };
  return { peer, isGivenUp: () => isGivenUp };
}

const launch = (runner: Peer) =>
  launchRunner({
    runner,
    order: { run: 'update', inputs: {} },
    isPublished: () => Promise.resolve(false),
    logger: createLogger('silent'),
    beginTimeoutMs: BEGIN_TIMEOUT_MS,
  });

test('a job that takes long to start is waited for once it holds its lock, and has started only then', async () => {
  let hasTakenOver = false;
  const takeOver = async () => {
    await sleep(5 * BEGIN_TIMEOUT_MS);
    hasTakenOver = true;
    return { report: 'started' } as const;
  };
  const { peer, isGivenUp } = createRunner(() => ({ report: 'begun' }), takeOver);
  expect(await launch(peer)).toMatchObject({ state: 'started' });
  expect([hasTakenOver, isGivenUp()]).toEqual([true, false]);
});

test('a runner that does not get so far in time is given up, whether it can be killed or not', async () => {
  const { peer, isGivenUp } = createRunner();
  await expect(launch(peer)).rejects.toThrow('the runner did not start: it did not begin within 20 ms');
  expect(isGivenUp()).toBe(true);
});

test('what keeps a job from starting after it has begun is told', async () => {
  const report = { report: 'error', message: 'ENOSPC: no space left', code: 'ENOSPC' } as const;
  const { peer } = createRunner(
    () => ({ report: 'begun' }),
    () => report,
  );
  await expect(launch(peer)).rejects.toMatchObject({ message: report.message, code: 'ENOSPC' });
});
