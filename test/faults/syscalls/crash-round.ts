import { cutPower } from '../disk/cut-power.js';
import type { PoweredDisk } from '../disk/power.js';
import type { Verdict } from '../row.js';
import type { Fault, Trial } from '../stand/trial.js';
import { askRunner, settleByRunner } from './ask-runner.js';
import { callsOn, neverReturned, type Call } from './calls.js';
import { toleranceOf } from './tolerance.js';
import type { Injection } from './traced-runner.js';

/** Before a call its process is killed, and with `lost` and `names` the power is cut then, too. */
export const CRASHES = ['killed', 'lost', 'names'] as const;
export type Crash = (typeof CRASHES)[number];

/** A call of a runner, and what happens at it: a crash, or an errno that it returns. */
export interface Point {
  readonly call: Call;
  readonly effect: string;
}

export interface CrashRound {
  /** At a call of the job; default: it comes to its end undisturbed. */
  readonly first?: Point;
  /**
   * At a call of what puts right what the first one has done: of another runner after a crash, of the same one after an error.
   * `watched`: nothing happens. Default: the next daemon puts it right.
   */
  readonly second?: Point | 'watched';
}

export interface CrashOutcome {
  readonly verdict: Verdict;
  /** By what was watched: the job, or what put it right. */
  readonly calls: readonly Call[];
}

/** A round on the disk without a daemon, so that its runners make the same calls each time, until all is over. */
export async function crashRound(
  { stand, subject, faultedRound }: Trial,
  disk: PoweredDisk,
  { first, second }: CrashRound,
): Promise<CrashOutcome> {
  const then = second === 'watched' ? undefined : second;
  const isOther = first !== undefined && isCrash(first);
  let made: readonly Call[] = [];
  let verdict: Verdict;
  const take = (calls: readonly Call[], ...points: readonly (Point | undefined)[]) => {
    made = calls;
    for (const point of points) if (point && !wasHit(point, calls)) verdict = 'missed';
  };
  const { effect } = then ?? first ?? {};
  let isCut = false;
  const round: Fault = {
    async ready() {
      await stand.daemon.kill('SIGKILL');
      disk.sync();
    },
    ask(_, __, files) {
      const points = isOther ? [first] : [first, then];
      return askRunner(stand, subject, files, injectionsOf(...points), (calls) => take(calls, ...points));
    },
    async act({ answered }) {
      await answered;
      if (isOther && second) take(await settleByRunner(stand, subject.job, injectionsOf(then)), then);
      if (effect !== 'lost' && effect !== 'names') return;
      await cutPower(stand, disk, effect);
      isCut = true;
    },
    mend: () => (isCut ? disk.plugIn() : undefined),
    tolerance: () => toleranceOf(made, stand.appliance),
  };
  await faultedRound(round);
  const watched = first && !isOther ? made.slice(made.findIndex(({ isInjected }) => isInjected) + 1) : made;
  const own = callsOn(stand.appliance.root, watched).filter(({ caller }) => caller !== 'script');
  return { verdict, calls: own };
}

function isCrash({ effect }: Point): boolean {
  return (CRASHES as readonly string[]).includes(effect);
}

function wasHit(point: Point, calls: readonly Call[]): boolean {
  return calls.some(isCrash(point) ? neverReturned : ({ isInjected }) => isInjected);
}

function injectionsOf(...points: readonly (Point | undefined)[]): readonly Injection[] {
  return points.flatMap((point) => {
    if (!point) return [];
    const { caller, name, nth } = point.call;
    return [{ caller, name, nth, effect: isCrash(point) ? 'SIGKILL' : point.effect }];
  });
}
