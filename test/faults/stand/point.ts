import { readFileSync, statSync } from 'node:fs';
import { lockOf } from '../../../src/jobs/acquire.js';
import { jobs } from '../../../src/jobs/index.js';
import { readsRunning } from '../../../src/records/job-status.js';
import { isLocked } from '../../../src/system/lock.js';
import { signalIfAlive } from '../../support/kill-if-alive.js';
import { TYPE } from '../oracle/truth.js';
import { stopWhen } from './slow-motion.js';
import type { Verdict } from '../row.js';
import type { Fault, FaultedMoment, Trial } from './trial.js';

/** A step of a job at which its runner is stopped, to the millisecond. */
export interface Point {
  readonly name: string;
  /** Looks from before the round begins. */
  watch(trial: Trial): Watch;
}

export interface Watch {
  /** Asked from the job's first stage on. */
  isThere(): boolean | Promise<boolean>;
  end?(): void;
}

/** Every stage, and the moment at which only the status is left to be written. */
export function pointsOf(stages: readonly string[]): readonly Point[] {
  return [...[...new Set(stages)].map(atStage), AT_LAST_LINE];
}

function atStage(stage: string): Point {
  return {
    name: `at ${stage}`,
    watch({ stand, subject: { job } }) {
      let isThere = false;
      const end = stand.onStage((event) => {
        if (event.job === job && event.stage === stage) isThere = true;
      });
      return { isThere: () => isThere, end };
    },
  };
}

const AT_LAST_LINE: Point = {
  name: 'at its last line',
  watch({ stand: { appliance }, subject: { job } }) {
    const { texts, log } = jobs[job];
    const { file } = log(appliance.paths);
    const before = statSync(file).size;
    const line = `] ${texts.succeeded(TYPE)}\n`;
    return { isThere: () => readFileSync(file).subarray(before).includes(line) };
  },
};

/** Its success can be read; its change, if there is one, is not closed yet, and its lock is held. */
export const WHEN_TOLD: Point = {
  name: 'when its success is told',
  watch({ stand: { appliance }, subject: { job } }) {
    return { isThere: async () => !(await readsRunning(jobs[job].status(appliance.paths))) };
  },
};

const TRIES = 8;

/**
 * A round whose runner is stopped at a point while something is done, after which it goes on. It missed where the job was
 * past the point in each of several rounds.
 *
 * @param act what it returns: whether it came in time; false tries another round
 */
export async function roundStoppedAt(
  trial: Trial,
  point: Point,
  act: (at: FaultedMoment) => Promise<boolean>,
  fault: Pick<Fault, 'mend'> = {},
): Promise<Verdict> {
  const { subject, stand } = trial;
  const { paths } = stand.appliance;
  // Between two looks at it a runner can have gone on to its end.
  const hasEnded = async () =>
    !(await isLocked(lockOf(subject.job, paths))) && !(await readsRunning(jobs[subject.job].status(paths)));
  for (let time = 1; time <= TRIES; time += 1) {
    const round = { isInTime: false };
    const { isThere, end } = point.watch(trial);
    try {
      await trial.faultedRound({
        ...fault,
        moment: { afterMs: 0 },
        async act(at) {
          try {
            round.isInTime = (await stopWhen(at.runner, isThere)) && !(await hasEnded()) && (await act(at));
          } finally {
            signalIfAlive(at.runner, 'SIGCONT');
          }
        },
      });
    } finally {
      end?.();
    }
    if (round.isInTime) return undefined;
  }
  return 'missed';
}
