import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { createArchiveTrials, type ArchiveTrials } from '../hostile/archive-trials.js';
import { archives, type ArchiveCase } from '../hostile/corpus/archives.js';
import { envelopes } from '../hostile/corpus/envelopes.js';
import { damagedGzip, generatedArchives } from '../hostile/generated-archives.js';
import { madeByTools } from '../hostile/corpus/tool-archives.js';
import { createPackageStand } from '../hostile/package-stand.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row } from '../row.js';

const GENERATED = 1_500;
const SHORT_GENERATED = 20;
/** Of a short version: every so many. */
const SHORT_STEP = 29;
/** How many go the whole way, through the API and a job. */
const JOBS = 60;
const SHORT_JOBS = 3;

/** Update packages and archives to restore, by the byte and by real tools: refused in one line, or taken as a whole. */
export const hostilePackages: Group = {
  name: 'hostile-packages',
  about:
    'hostile packages and archives are refused in one line, write nothing outside, and leave the old state',
  async *rows({ isShort, random }: Extent) {
    const trials = await createArchiveTrials();
    try {
      const made = generatedArchives(random, isShort ? SHORT_GENERATED : GENERATED);
      yield* pick([...reading(trials, [...archives(), ...made], random)], isShort ? SHORT_STEP : 1);
      const packages = await envelopes(trials);
      const opening = packages.map(({ name, bytes }) => row(`package, ${name}`, () => trials.package(bytes)));
      yield* pick(opening, isShort ? SHORT_STEP : 1);
      yield* madeByTools(trials);
    } finally {
      await trials.remove();
    }
    yield* throughJobs(random.fork('jobs'), isShort ? SHORT_JOBS : JOBS);
  },
};

function* reading(trials: ArchiveTrials, cases: readonly ArchiveCase[], random: Random): Generator<Row> {
  for (const { name, tar } of cases) {
    const draws = random.fork(name);
    yield row(`contents, ${name}`, () => trials.contents(gzipSync(tar)));
    yield row(`restore, ${name}`, () => trials.restore(tar));
    yield row(`restore, ${name}, in a gzip that may be damaged`, () =>
      trials.restore(damagedGzip(tar, draws)),
    );
  }
}

function row(name: string, run: () => Promise<unknown>): Row {
  const runIt = async () => {
    await run();
  };
  return { name, run: runIt, limitMs: 60_000 };
}

function* pick(rows: readonly Row[], step: number): Generator<Row> {
  for (const [index, one] of rows.entries()) if (index % step === 0) yield one;
}

/** Whole jobs on an appliance: slower by far, so that chance picks them. */
async function* throughJobs(random: Random, count: number): AsyncGenerator<Row> {
  const stand = await createPackageStand();
  try {
    const all = archives();
    for (let index = 0; index < count; index += 1) {
      const { name, tar } = all[random.below(all.length)] ?? { name: 'nothing', tar: Buffer.alloc(0) };
      if (index % 2 === 0) yield row(`job update, ${name}`, () => stand.update(gzipSync(tar)));
      else yield row(`job restore, ${name}`, () => stand.restore(tar));
    }
    yield row('job update, garbage', () => stand.updateAsItIs(Buffer.alloc(100_000, 'garbage')));
    yield row('the next good package', async () => assert.equal(await stand.updateWell(), 'success'));
  } finally {
    await stand.remove();
  }
}
