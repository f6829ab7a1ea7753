import { cutPower } from '../disk/cut-power.js';
import type { PoweredDisk } from '../disk/power.js';
import type { Verdict } from '../row.js';
import type { Fault, Trial } from '../stand/trial.js';
import { askRunner, settleByRunner } from './ask-runner.js';
import { callsOn, changesDisk, neverReturned, type Call } from './calls.js';
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
  /** Where the job is cut off; default: it comes to its end. */
  readonly first?: Point;
  /** What happens to what puts it right then; `watched`: nothing. Default: the next daemon puts it right. */
  readonly second?: Point | 'watched';
}

export interface CrashOutcome {
  readonly verdict: Verdict;
  /** The calls by which the disk was changed: by the job, or by what put it right where that was watched. */
  readonly calls: readonly Call[];
}

/** A round on the disk without a daemon, so that its runners make the same calls each time, until all is over. */
export async function crashRound(
  { stand, subject, faultedRound }: Trial,
  disk: PoweredDisk,
  { first, second }: CrashRound,
): Promise<CrashOutcome> {
  let made: readonly Call[] = [];
  let verdict: Verdict;
  let isCut = false;
  const take = (calls: readonly Call[], point: Point | undefined) => {
    made = calls;
    if (point && !calls.some(isCrash(point) ? neverReturned : wasInjected)) verdict = 'missed';
  };
  const last = second ?? first;
  const round: Fault = {
    async ready() {
      await stand.daemon.kill('SIGKILL');
      disk.sync();
    },
    ask: (_, __, files) =>
      askRunner(stand, subject, files, injectionOf(first), (calls) => take(calls, first)),
    async act({ answered }) {
      await answered;
      if (second) {
        const point = second === 'watched' ? undefined : second;
        take(await settleByRunner(stand, subject.job, injectionOf(point)), point);
      }
      if (typeof last !== 'object' || (last.effect !== 'lost' && last.effect !== 'names')) return;
      await cutPower(stand, disk, last.effect);
      isCut = true;
    },
    mend: () => (isCut ? disk.plugIn() : undefined),
    tolerance: () => toleranceOf(made, stand.appliance),
  };
  await faultedRound(round);
  const own = callsOn(stand.appliance.root, made).filter(({ caller }) => caller !== 'script');
  return { verdict, calls: own.filter(changesDisk) };
}

function isCrash({ effect }: Point): boolean {
  return (CRASHES as readonly string[]).includes(effect);
}

function wasInjected({ isInjected }: Call): boolean {
  return isInjected;
}

function injectionOf(point: Point | undefined): Injection | undefined {
  if (!point) return undefined;
  const { caller, name, nth } = point.call;
  return { caller, name, nth, effect: isCrash(point) ? 'SIGKILL' : point.effect };
}
