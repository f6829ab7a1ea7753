import type { JobName } from '../../../src/jobs/index.js';
import { signalIfAlive } from '../../support/kill-if-alive.js';
import { createClock, lacksClock, type Clock } from '../clock/clock.js';
import { keepsFileOfLivingWriter, removesFileOfDeadWriter } from '../clock/staged.js';
import { startsInYear } from '../clock/starts.js';
import { throttleKeepsItsTime } from '../clock/throttle.js';
import { jobsOf } from '../jobs-of.js';
import type { Extent, Group, Row, Verdict } from '../row.js';
import { pointsOf, roundStoppedAt } from '../stand/point.js';
import { createRivals } from '../stand/rivals.js';
import { createTrials } from '../stand/trials.js';
import type { FaultedMoment, Trial } from '../stand/trial.js';

interface Jump {
  readonly name: string;
  /** By which the clock is ahead of the true time then. */
  readonly seconds: number;
  readonly killsDaemon: boolean;
}

/** They start several daemons, and run several jobs, one after the other. */
const ROW_LIMIT_MS = 300_000;
const HOUR_S = 3_600;
const YEAR_S = 365 * 86_400;
/** The last ones lead beyond the end of certificates, and to before there was the product. */
const JUMPS: readonly [Jump, ...Jump[]] = [
  { name: 'an hour on', seconds: HOUR_S, killsDaemon: false },
  { name: 'an hour back, and the daemon killed', seconds: -HOUR_S, killsDaemon: true },
  { name: '20 years on, and the daemon killed', seconds: 20 * YEAR_S, killsDaemon: true },
  { name: '25 years back', seconds: -25 * YEAR_S, killsDaemon: false },
];

export const clock: Group = {
  name: 'clock',
  about: 'the clock jumps by hours or years, at each stage of each job, at starts, for throttle and files',
  lacks: lacksClock,
  async *rows(extent) {
    yield* otherRows(extent);
    for (const job of jobsOf(extent, ['certs'])) yield* jumpRows(job, extent);
  },
};

async function* jumpRows(job: JobName, { isShort, random, product }: Extent): AsyncGenerator<Row> {
  const own = random.fork(job);
  const time = createClock();
  const trials = createTrials(job, { prefix: time.prefix, product });
  try {
    const points = pointsOf(await trials.stages());
    for (const point of isShort ? points.slice(-1) : points) {
      for (const jump of isShort ? [own.pick(JUMPS)] : JUMPS) {
        const run = () =>
          trials.use(async (trial) => {
            time.set(0);
            return roundStoppedAt(trial, point, (at) => jumpAgainstRivals(at, time, jump));
          });
        yield { name: `${job}, ${point.name}, the clock put ${jump.name}`, run, limitMs: ROW_LIMIT_MS };
      }
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
    time.remove();
  }
}

async function jumpAgainstRivals(at: FaultedMoment, time: Clock, jump: Jump): Promise<boolean> {
  time.set(jump.seconds);
  if (jump.killsDaemon) await at.stand.restart();
  const rivals = createRivals(at, [at.stand.daemon]);
  await rivals.ask();
  signalIfAlive(at.runner, 'SIGCONT');
  await rivals.requireOne();
  return true;
}

async function* otherRows({ isShort, product }: Extent): AsyncGenerator<Row> {
  for (const year of isShort ? [1970] : [1970, 2000, 2037, 2040, 2100]) {
    yield { name: `a start in ${year}`, run: () => startsInYear(year, product), limitMs: ROW_LIMIT_MS };
  }
  if (!isShort) yield { name: 'the throttle', run: () => throttleKeepsItsTime(product) };
  const time = createClock();
  const trials = createTrials('settings', { prefix: time.prefix, product });
  const staged = (act: (trial: Trial, time: Clock) => Promise<Verdict>) => () =>
    trials.use(async (trial) => {
      time.set(0);
      return act(trial, time);
    });
  try {
    yield {
      name: 'a year on while a file is written',
      run: staged(keepsFileOfLivingWriter),
      limitMs: ROW_LIMIT_MS,
    };
    yield {
      name: 'a year back when a writer was killed',
      run: staged(removesFileOfDeadWriter),
      limitMs: ROW_LIMIT_MS,
    };
  } finally {
    await trials.close();
    time.remove();
  }
}
