import type { JobName } from '../../../src/jobs/index.js';
import { sleep } from '../../../src/core/clock.js';
import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { processesOf } from '../oracle/leftovers.js';
import type { Extent, Group, Row } from '../row.js';
import { childrenOf, commandOf } from '../stand/children.js';
import { momentsOf } from '../stand/moments.js';
import { roundStoppedAt, WHEN_TOLD } from '../stand/point.js';
import { SCRIPTED } from '../stand/scripted.js';
import { subjects } from '../stand/subjects.js';
import { createTrials } from '../stand/trials.js';
import type { FaultedMoment, Trial } from '../stand/trial.js';

/** What is killed, by its name in rows. */
const VICTIMS = {
  runner: ({ runner }: FaultedMoment) => killIfAlive(runner),
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
  async *rows(extent) {
    for (const job of extent.jobs ?? (Object.keys(subjects) as JobName[])) yield* rowsOf(job, extent);
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
          trials.use((trial) => trial.faultedRound({ moment: at(trial.longestMs), act: VICTIMS[victim] }));
        yield { name: `${job}, ${name}, ${victim} killed`, run };
      }
    }
    yield { name: `${job}, ${WHEN_TOLD.name}, runner killed`, run: () => trials.use(killWhenTold) };
    const stage = SCRIPTED[job];
    if (stage !== undefined && !isShort) {
      const act = ({ runner }: FaultedMoment) => killBesideScript(runner);
      const run = () => trials.use((trial) => trial.faultedRound({ moment: { stage, afterMs: 0 }, act }));
      yield { name: `${job}, its runner killed while its script runs`, run };
    }
    for (let time = 1; stage !== undefined && time <= (isShort ? 1 : SCRIPT_KILLS); time += 1) {
      const afterMs = random.below(SCRIPT_LASTS_MS);
      const act = ({ runner }: FaultedMoment) => killScript(runner, afterMs);
      const run = () => trials.use((trial) => trial.faultedRound({ moment: { stage, afterMs: 0 }, act }));
      yield { name: `${job}, its script killed after ${afterMs} ms`, run };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

function killWhenTold(trial: Trial): Promise<void> {
  return roundStoppedAt(trial, WHEN_TOLD, ({ runner }) => {
    killIfAlive(runner);
    return Promise.resolve(true);
  });
}

/** The script goes on to its end, so that what it has done has to be put back. */
async function killBesideScript(runner: number): Promise<void> {
  const isScript = (pid: number) => !commandOf(pid).includes('admind-script');
  await poll('the script runs', () => Promise.resolve(childrenOf(runner).some(isScript)));
  killIfAlive(runner);
}

/** Kills what the runner has started, and leaves the runner alone. */
async function killScript(runner: number, afterMs: number): Promise<void> {
  await poll('the script runs', () => Promise.resolve(childrenOf(runner).length > 0));
  await sleep(afterMs);
  childrenOf(runner).forEach(killIfAlive);
}
