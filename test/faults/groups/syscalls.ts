import assert from 'node:assert/strict';
import type { JobName } from '../../../src/jobs/index.js';
import { hasTool } from '../../support/tools.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row, Verdict } from '../row.js';
import type { TestAppliance } from '../../support/appliance.js';
import type { Tolerance } from '../oracle/judge.js';
import { subjects } from '../stand/subjects.js';
import type { Trial } from '../stand/trial.js';
import { createTrials } from '../stand/trials.js';
import { askRunner } from '../syscalls/ask-runner.js';
import { ERRNOS, STARTS_PROCESS, type Call } from '../syscalls/calls.js';
import type { Injection } from '../syscalls/traced-runner.js';

/** About a quarter of an hour for all jobs, on a quiet machine of two cores. */
const ROWS_OF_JOB = 45;
const SHORT_JOBS = 2;
const SHORT_ROWS_OF_JOB = 4;

export const syscalls: Group = {
  name: 'syscalls',
  about:
    'a system call of a job fails: the n-th of its kind, for want of space, memory or files, or as the disk is broken',
  lacks: () => (hasTool('strace') ? undefined : 'it needs strace'),
  async *rows(extent) {
    for (const job of chosen(extent)) yield* rowsOf(job, extent);
  },
};

function chosen({ isShort, random }: Extent): readonly JobName[] {
  const all = Object.keys(subjects) as JobName[];
  if (!isShort) return all;
  return Array.from({ length: SHORT_JOBS }, () => all.splice(random.below(all.length), 1)).flat();
}

async function* rowsOf(job: JobName, { isShort, random }: Extent): AsyncGenerator<Row> {
  const trials = createTrials(job);
  try {
    const injections = drawInjections(await trials.use(callsOf), random.fork(job));
    for (const injection of injections.slice(0, isShort ? SHORT_ROWS_OF_JOB : ROWS_OF_JOB)) {
      const { name, nth, errno } = injection;
      const run = () => trials.use((trial) => tryInjection(trial, injection));
      yield { name: `${job}, ${name} fails at call ${nth} with ${errno}`, run };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

/** What the job calls, as it concerns the appliance, where nothing fails. */
async function callsOf(trial: Trial): Promise<readonly Call[]> {
  let made: readonly Call[] = [];
  const { hasSucceeded } = await trial.faultedRound({
    ask: (stand, subject, files) => askRunner(stand, subject, files, undefined, (calls) => (made = calls)),
  });
  assert.ok(hasSucceeded, 'a job that is only watched succeeds');
  const { root } = trial.stand.appliance;
  return made.filter(({ name, text }) => text.includes(root) || STARTS_PROCESS.test(name));
}

async function tryInjection(trial: Trial, injection: Injection): Promise<Verdict> {
  let made: readonly Call[] = [];
  await trial.faultedRound({
    ask: (stand, subject, files) => askRunner(stand, subject, files, injection, (calls) => (made = calls)),
    tolerance: () => toleranceOf(made, trial.stand.appliance),
  });
  return made.some(({ isInjected }) => isInjected) ? undefined : 'missed';
}

/** Calls whose failure keeps a file from being removed; whether it is a directory is asked by `statx`. */
const REMOVES = /^(unlink(at)?|rmdir|openat|getdents64|statx)$/;

/** A file that could not be removed is removed when the job runs again. */
function toleranceOf(calls: readonly Call[], { paths }: TestAppliance): Tolerance {
  const injected = calls.filter(({ isInjected }) => isInjected);
  return {
    keepsFiles: injected.some(({ name }) => REMOVES.test(name)),
    // The script that reboots may fail when it has told the machine.
    failsWhenDone: injected.length > 0,
    losesLog: injected.some(({ text }) => text.includes(paths.log)),
  };
}

/** Each call and each fault of it once: of every kind of call the first ones, in an order by chance. */
function drawInjections(calls: readonly Call[], random: Random): Injection[] {
  const kinds = Object.entries(ERRNOS).map(([name, errnos]) => {
    const numbers = new Set(calls.filter((call) => call.name === name).map(({ nth }) => nth));
    const all = [...numbers].flatMap((nth) => errnos.map((errno) => ({ name, nth, errno })));
    return shuffled(all, random);
  });
  const turns = Math.max(...kinds.map((all) => all.length));
  return Array.from({ length: turns }, (_, turn) =>
    shuffled(
      kinds.flatMap((all) => all.slice(turn, turn + 1)),
      random,
    ),
  ).flat();
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
