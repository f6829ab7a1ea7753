import assert from 'node:assert/strict';
import type { JobName } from '../../../src/jobs/index.js';
import { hasTool } from '../../support/tools.js';
import { jobsOf } from '../jobs-of.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row, Verdict } from '../row.js';
import type { Trial } from '../stand/trial.js';
import { createTrials } from '../stand/trials.js';
import { askRunner } from '../syscalls/ask-runner.js';
import { callsOn, errnosOf, type Call } from '../syscalls/calls.js';
import { toleranceOf } from '../syscalls/tolerance.js';
import type { Injection } from '../syscalls/traced-runner.js';

const SHORT_JOBS = 2;
const SHORT_ROWS_OF_JOB = 4;

export const syscalls: Group = {
  name: 'syscalls',
  about:
    'a system call of a job fails: the n-th of its kind, for want of space, memory or files, or as the disk is broken',
  isByJob: true,
  lacks: () => (hasTool('strace') ? undefined : 'it needs strace'),
  async *rows(extent) {
    for (const job of jobsOf(extent, SHORT_JOBS)) yield* rowsOf(job, extent);
  },
};

async function* rowsOf(job: JobName, { isShort, random, product }: Extent): AsyncGenerator<Row> {
  const trials = createTrials(job, { product });
  try {
    const all = injectionsOf(await trials.use(callsOf));
    for (const injection of isShort ? draw(all, SHORT_ROWS_OF_JOB, random.fork(job)) : all) {
      const { caller, name, nth, effect } = injection;
      const run = () => trials.use((trial) => tryInjection(trial, injection));
      yield { name: `${job}, ${caller}: ${name} fails at call ${nth} with ${effect}`, run };
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
    ask: (stand, subject, files) => askRunner(stand, subject, files, [], (calls) => (made = calls)),
  });
  assert.ok(hasSucceeded, 'a job that is only watched succeeds');
  const { root } = trial.stand.appliance;
  return callsOn(root, made);
}

async function tryInjection(trial: Trial, injection: Injection): Promise<Verdict> {
  let made: readonly Call[] = [];
  await trial.faultedRound({
    ask: (stand, subject, files) => askRunner(stand, subject, files, [injection], (calls) => (made = calls)),
    tolerance: () => toleranceOf(made, trial.stand.appliance),
  });
  return made.some(({ isInjected }) => isInjected) ? undefined : 'missed';
}

/**
 * The n-th call of each name by each kind of caller, for every n of which there is one, with each fault that it may return; in
 * their order.
 */
function injectionsOf(calls: readonly Call[]): Injection[] {
  const all = calls.flatMap((call) => {
    const { caller, name, nth } = call;
    return errnosOf(call).map((effect): Injection => ({ caller, name, nth, effect }));
  });
  // Several threads, and scripts, count by themselves.
  const keyOf = ({ caller, name, nth, effect }: Injection) => `${caller} ${name} ${nth} ${effect}`;
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** Of as many kinds of call one each. */
function draw(injections: readonly Injection[], count: number, random: Random): Injection[] {
  const kinds = [...new Set(injections.map(({ name }) => name))];
  return Array.from({ length: Math.min(count, kinds.length) }, () => {
    const [kind] = kinds.splice(random.below(kinds.length), 1);
    const alike = injections.filter(({ name }) => name === kind);
    return alike.slice(random.below(alike.length)).slice(0, 1);
  }).flat();
}
