import assert from 'node:assert/strict';
import { sleep } from '../../../src/core/clock.js';
import type { JobName } from '../../../src/jobs/index.js';
import { signalIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { awaitSettled } from '../oracle/truth.js';
import { jobsOf } from '../jobs-of.js';
import type { Extent, Group, Row } from '../row.js';
import { sideBySide } from '../side-by-side.js';
import { childrenOf, isStopped } from '../stand/children.js';
import { pointsOf, roundStoppedAt } from '../stand/point.js';
import { createRivals, withSecondDaemon } from '../stand/rivals.js';
import { SCRIPTED } from '../stand/scripted.js';
import { createTrials } from '../stand/trials.js';
import type { FaultedMoment } from '../stand/trial.js';

/** Longer than the heartbeat of a lock may be silent, which is ten seconds. */
const STOPPED_MS = 12_000;
/** A runner that has not begun after half a minute is given up by its daemon, and another may run then. */
const GIVEN_UP_MS = 28_000;
/** Of several rounds, as others are tried beside it. */
const ROW_LIMIT_MS = 600_000;
/** The script of a licence that is stopped must not be given up meanwhile. */
const LICENSE_LIMIT_MS = 60_000;

/** What is stopped, by its name in rows; its runner is stopped when they are called. */
const VICTIMS = {
  runner: (at: FaultedMoment) => holdAgainstRivals(at, []),
  daemon: holdDaemon,
  all: (at: FaultedMoment) => holdAgainstRivals(at, [...groupsOf(at), daemonOf(at)]),
} as const;

type Victim = keyof typeof VICTIMS;
const allVictims = Object.keys(VICTIMS) as Victim[];

export const stop: Group = {
  name: 'stop',
  about:
    'runner, daemon, script or all of them stopped for longer than a lock lives; no second job runs beside',
  rows: (extent) =>
    sideBySide(
      jobsOf(extent, ['update', 'settings']).map((job) => rowsOf(job, extent)),
      extent,
    ),
};

async function* rowsOf(job: JobName, { isShort, random, product }: Extent): AsyncGenerator<Row> {
  const trials = createTrials(job, { product, settings: { licenseTimeLimitMs: LICENSE_LIMIT_MS } });
  const own = random.fork(job);
  try {
    const points = pointsOf(await trials.stages());
    for (const point of isShort ? [points[own.below(points.length)] ?? points[0]] : points) {
      if (point === undefined) continue;
      for (const victim of isShort ? [own.pick<Victim>(['runner', 'all'])] : allVictims) {
        const run = () => trials.use((trial) => roundStoppedAt(trial, point, VICTIMS[victim]));
        yield { name: `${job}, ${point.name}, ${victim} stopped`, run, limitMs: ROW_LIMIT_MS };
      }
      if (isShort || point.name !== `at ${SCRIPTED[job] ?? ''}`) continue;
      const run = () => trials.use((trial) => roundStoppedAt(trial, point, holdScript));
      yield { name: `${job}, its script stopped`, run, limitMs: ROW_LIMIT_MS };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

/** Stops these, too, and asks for a second job at the start of the time and at its end. */
async function holdAgainstRivals(at: FaultedMoment, others: readonly number[]): Promise<boolean> {
  const isDaemonStopped = others.includes(daemonOf(at));
  const signal = (name: NodeJS.Signals) => others.forEach((pid) => signalIfAlive(pid, name));
  signal('SIGSTOP');
  const began = performance.now();
  try {
    return await withSecondDaemon(at, async (second) => {
      const rivals = createRivals(at, isDaemonStopped ? [second] : [second, at.stand.daemon]);
      await rivals.ask();
      await sleep(STOPPED_MS);
      await rivals.ask();
      const isInTime = performance.now() - began < GIVEN_UP_MS;
      signal('SIGCONT');
      signalIfAlive(at.runner, 'SIGCONT');
      if (isInTime) await rivals.requireOne();
      return isInTime;
    });
  } finally {
    signal('SIGCONT');
  }
}

/** The job goes on and ends without its daemon. */
async function holdDaemon(at: FaultedMoment): Promise<boolean> {
  const daemon = daemonOf(at);
  signalIfAlive(daemon, 'SIGSTOP');
  try {
    signalIfAlive(at.runner, 'SIGCONT');
    await sleep(STOPPED_MS);
    // A reboot waits for its client to have the answer, which comes from the daemon.
    await awaitSettled(at.subject.job, at.stand.appliance);
  } finally {
    signalIfAlive(daemon, 'SIGCONT');
  }
  return true;
}

/** The runner goes on and waits for it. */
async function holdScript(at: FaultedMoment): Promise<boolean> {
  signalIfAlive(at.runner, 'SIGCONT');
  await poll('the script runs', () => Promise.resolve(childrenOf(at.runner).length > 0)).catch(
    () => undefined,
  );
  const groups = groupsOf(at);
  groups.forEach((group) => signalIfAlive(group, 'SIGSTOP'));
  try {
    // One that was over before is not stopped.
    const stopped = await Promise.all(groups.map((group) => isStopped(-group)));
    if (!stopped.includes(true)) return false;
    return await holdAgainstRivals(at, groups);
  } finally {
    groups.forEach((group) => signalIfAlive(group, 'SIGCONT'));
  }
}

/** The process groups of what the runner has started, as kill(2) takes them. */
function groupsOf({ runner }: FaultedMoment): number[] {
  return childrenOf(runner).map((pid) => -pid);
}

function daemonOf({ stand }: FaultedMoment): number {
  const { pid } = stand.daemon.process;
  assert.ok(pid !== undefined, 'the daemon runs');
  return pid;
}
