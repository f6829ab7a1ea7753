import type { JobName } from '../../../src/jobs/index.js';
import { sleep } from '../../../src/core/clock.js';
import { killIfAlive, signalIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { processesOf } from '../oracle/leftovers.js';
import { jobsOf } from '../jobs-of.js';
import type { Extent, Group, Row, Verdict } from '../row.js';
import { childrenOf, commandOf, isRunning } from '../stand/children.js';
import { momentsOf } from '../stand/moments.js';
import { roundStoppedAt, WHEN_TOLD } from '../stand/point.js';
import { SCRIPTED } from '../stand/scripted.js';
import { createTrials } from '../stand/trials.js';
import type { Fault, FaultedMoment, Trial } from '../stand/trial.js';

/** What is killed, by its name in rows. */
const VICTIMS = {
  runner: ({ runner }: FaultedMoment) =>
    Promise.resolve<Verdict>(signalIfAlive(runner, 'SIGKILL') ? undefined : 'missed'),
  daemon: ({ stand }: FaultedMoment) => stand.daemon.kill('SIGKILL'),
  all: async ({ stand, runner }: FaultedMoment) => {
    const others = await processesOf(stand.appliance, [stand.daemon.process.pid]);
    [runner, ...others.map(({ pid }) => pid)].forEach(killIfAlive);
    await stand.daemon.kill('SIGKILL');
  },
} as const;

type Victim = keyof typeof VICTIMS;

const SCRIPT_KILLS = 3;
const SCRIPT_LASTS_MS = 50;

export const kill: Group = {
  name: 'kill',
  about: 'runner, daemon, script or all of them killed, at each stage of each job and at random moments',
  isByJob: true,
  async *rows(extent) {
    for (const job of jobsOf(extent)) yield* rowsOf(job, extent);
  },
};

const allVictims = Object.keys(VICTIMS) as Victim[];

async function* rowsOf(job: JobName, { isShort, random, product }: Extent): AsyncGenerator<Row> {
  const trials = createTrials(job, { product });
  try {
    const moments = momentsOf(await trials.stages(), random.fork(job), isShort ? 1 : 4);
    for (const { name, at } of isShort ? [random.pick(moments)] : moments) {
      for (const victim of isShort ? [random.pick<Victim>(['runner', 'all'])] : allVictims) {
        const run = () =>
          trials.use((trial) => faulted(trial, { moment: at(trial.shortestMs), act: VICTIMS[victim] }));
        yield { name: `${job}, ${name}, ${victim} killed`, run };
      }
    }
    yield { name: `${job}, ${WHEN_TOLD.name}, runner killed`, run: () => trials.use(killWhenTold) };
    const stage = SCRIPTED[job];
    if (stage !== undefined && !isShort) {
      const act = ({ runner }: FaultedMoment) => killBesideScript(runner);
      const run = () => trials.use((trial) => faulted(trial, { moment: { stage, afterMs: 0 }, act }));
      yield { name: `${job}, its runner killed while its script runs`, run };
    }
    for (let time = 1; stage !== undefined && time <= (isShort ? 1 : SCRIPT_KILLS); time += 1) {
      const afterMs = random.below(SCRIPT_LASTS_MS);
      const act = ({ runner }: FaultedMoment) => killScript(runner, afterMs);
      const run = () => trials.use((trial) => faulted(trial, { moment: { stage, afterMs: 0 }, act }));
      yield { name: `${job}, its script killed after ${afterMs} ms`, run };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

async function faulted(trial: Trial, fault: Fault): Promise<Verdict> {
  return (await trial.faultedRound(fault)).verdict;
}

function killWhenTold(trial: Trial): Promise<Verdict> {
  return roundStoppedAt(trial, WHEN_TOLD, ({ runner }) => Promise.resolve(signalIfAlive(runner, 'SIGKILL')));
}

/** The script goes on to its end, so that what it has done has to be put back. */
async function killBesideScript(runner: number): Promise<Verdict> {
  const isScript = (pid: number) => !commandOf(pid).includes('admind-script');
  const isThere = await isSeen(runner, () => childrenOf(runner).some(isScript));
  return isThere && signalIfAlive(runner, 'SIGKILL') ? undefined : 'missed';
}

/** Kills what the runner has started, and leaves the runner alone. */
async function killScript(runner: number, afterMs: number): Promise<Verdict> {
  if (!(await isSeen(runner, () => childrenOf(runner).length > 0))) return 'missed';
  await sleep(afterMs);
  const killed = childrenOf(runner).map((pid) => signalIfAlive(pid, 'SIGKILL'));
  return killed.includes(true) ? undefined : 'missed';
}

/** Whether something was to be seen before the runner had ended. */
async function isSeen(runner: number, look: () => boolean): Promise<boolean> {
  let isThere = false;
  await poll('the script runs', () => Promise.resolve((isThere = look()) || !isRunning(runner)));
  return isThere;
}
