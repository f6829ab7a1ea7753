import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import { makeImmutable, mayMakeImmutable } from '../../support/immutable.js';
import { jobsOf } from '../jobs-of.js';
import { listFiles } from '../oracle/leftovers.js';
import type { Extent, Group, Row, Verdict } from '../row.js';
import { awaitEnd } from '../stand/await-end.js';
import type { Trial } from '../stand/trial.js';
import { createTrials } from '../stand/trials.js';

/** Of a short version: as many files of a job, drawn by chance. */
const SHORT = 3;

export const immutable: Group = {
  name: 'immutable',
  about: 'a file or directory that a job changes can be neither changed nor replaced, also by root',
  isByJob: true,
  lacks: () => (mayMakeImmutable() ? undefined : 'no file can be made immutable here'),
  async *rows(extent) {
    for (const job of jobsOf(extent, ['settings'])) yield* rowsOf(job, extent);
  },
};

async function* rowsOf(job: JobName, { isShort, random, product }: Extent): AsyncGenerator<Row> {
  const trials = createTrials(job, { product });
  try {
    const changed = await trials.use(filesChangedBy);
    for (const name of isShort ? random.draw(changed, SHORT) : changed) {
      yield {
        name: `${job}, ${name} is immutable`,
        run: () => trials.use((trial) => roundWith(trial, name)),
      };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

/** What is there before and after a round, and is not the same. */
async function filesChangedBy(trial: Trial): Promise<readonly string[]> {
  const { root } = trial.stand.appliance;
  const names = await listFiles({ root });
  const before = names.map((name) => [name, signatureOf(join(root, name))] as const);
  await trial.plainRound();
  return before
    .filter(([name, signature]) => signature !== undefined && signatureOf(join(root, name)) !== signature)
    .map(([name]) => name);
}

/** Undefined where there is nothing: the name stands for others. */
function signatureOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats && !stats.isSymbolicLink() ? `${stats.ino} ${stats.ctimeMs}` : undefined;
}

async function roundWith(trial: Trial, name: string): Promise<Verdict> {
  const { appliance, printed } = trial.stand;
  const file = join(appliance.root, name);
  const told = printed();
  let restore: (() => void) | undefined;
  const mend = () => {
    restore?.();
    restore = undefined;
  };
  const { verdict } = await trial.faultedRound({
    ready: () => void (restore = makeImmutable(file)),
    act: (moment) => awaitEnd(moment, told),
    mend,
    tolerance: () => ({ losesLog: jobs[trial.subject.job].log(appliance.paths).file === file }),
  });
  return verdict;
}
