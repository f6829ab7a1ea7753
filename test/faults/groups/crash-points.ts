import type { JobName } from '../../../src/jobs/index.js';
import { hasTool } from '../../support/tools.js';
import { lacksPower, type PoweredDisk } from '../disk/power.js';
import { rowsOnPoweredDisks } from '../disk/powered-rows.js';
import { jobsOf } from '../jobs-of.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row } from '../row.js';
import { createTrials } from '../stand/trials.js';
import { changesDisk, errnosOf, type Call } from '../syscalls/calls.js';
import { CRASHES, crashRound, type CrashRound, type Point } from '../syscalls/crash-round.js';

/** From each of so many parts of a job one point is drawn that is followed by a second fault, which hits what puts it right. */
const PARTS = 4;
/** How many second faults are drawn of those that are not all tried. */
const OTHERS = 10;
const SHORT_JOBS = 1;
const SHORT_POINTS = 2;

export const crashPoints: Group = {
  name: 'crash-points',
  about:
    'a job is killed, or loses power, before the n-th system call by which it changes the disk; so is what puts right such a job, or one of which a call has failed',
  isByJob: true,
  lacks: () => (hasTool('strace') ? lacksPower() : 'it needs strace'),
  rows: (extent) => rowsOnPoweredDisks(jobsOf(extent, SHORT_JOBS), (job, disk) => rowsOf(job, disk, extent)),
};

async function* rowsOf(
  job: JobName,
  disk: PoweredDisk,
  { isShort, random, product }: Extent,
): AsyncGenerator<Row> {
  const trials = createTrials(job, { parent: disk.directory, product });
  const own = random.fork(job);
  const round = (how: CrashRound) => trials.use((trial) => crashRound(trial, disk, how));
  const row = (name: string, how: CrashRound): Row => ({
    name: `${job}, ${name}`,
    run: async () => (await round(how)).verdict,
  });
  try {
    const made = (await round({})).calls;
    const firsts = pointsOf(made.filter(changesDisk), own, () => CRASHES);
    for (const first of isShort ? own.draw(firsts, SHORT_POINTS) : firsts)
      yield row(nameOf(first), { first });
    for (const { call } of oneOfEachPart(firsts, isShort ? 1 : PARTS, own)) {
      const first = { call, effect: 'killed' };
      const { calls } = await round({ first, second: 'watched' });
      const changes = pointsOf(calls.filter(changesDisk), own, (one) => [...CRASHES, ...anErrno(one, own)]);
      const others = pointsOf(
        calls.filter((one) => !changesDisk(one)),
        own,
        (one) => anErrno(one, own),
      );
      const seconds = [...changes, ...own.draw(others, OTHERS)];
      for (const second of isShort ? own.draw(seconds, SHORT_POINTS) : seconds) {
        yield row(`${nameOf(first)}; put right, ${nameOf(second)}`, { first, second });
      }
    }
    for (const { call } of oneOfEachPart(firsts, isShort ? 1 : PARTS, own)) {
      const [effect = 'EIO'] = anErrno(call, own);
      const first = { call, effect };
      const { calls } = await round({ first, second: 'watched' });
      const later = calls.filter(({ caller, name }) => caller === call.caller && name !== call.name);
      const seconds = pointsOf(later.filter(changesDisk), own, () => CRASHES);
      for (const second of own.draw(seconds, isShort ? SHORT_POINTS : OTHERS)) {
        yield row(`${nameOf(first)}, then ${nameOf(second)}`, { first, second });
      }
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

/** Each call with one of its effects, in turn. */
function pointsOf(
  calls: readonly Call[],
  random: Random,
  effectsOf: (call: Call) => readonly string[],
): readonly Point[] {
  const turn = random.below(CRASHES.length + 1);
  return calls.flatMap((call, at) => {
    const effects = effectsOf(call);
    return effects
      .slice((at + turn) % effects.length)
      .slice(0, 1)
      .map((effect) => ({ call, effect }));
  });
}

/** One of what the call may return. */
function anErrno(call: Call, random: Random): readonly string[] {
  return random.draw(errnosOf(call), 1);
}

/** As many as there are parts, spread over all of them. */
function oneOfEachPart<T>(from: readonly T[], parts: number, random: Random): readonly T[] {
  const at = (part: number) => Math.floor((from.length * part) / parts);
  return Array.from({ length: parts }, (_, part) =>
    random.draw(from.slice(at(part), at(part + 1)), 1),
  ).flat();
}

function nameOf({ call: { caller, name, nth }, effect }: Point): string {
  return `${effect} at call ${nth} of ${name} (${caller})`;
}
