import assert from 'node:assert/strict';
import { GENERATORS } from '../fuzz/generators/index.js';
import { runFuzzer } from '../fuzz/run-fuzzer.js';
import { runGenerated } from '../fuzz/run-generated.js';
import { SEEDS } from '../fuzz/seeds.js';
import type { Extent, Group, Row } from '../row.js';

const FOR_MS = 120_000;
const SHORT_MS = 5_000;
/** Of a short version. */
const SHORT_TARGETS = ['tar', 'multipart'];
const GENERATED = 5_000;
const SHORT_GENERATED = 100;
const ROW_LIMIT_MS = 300_000;

/** What reads input of others: by a fuzzer that changes input further where it reaches something new, and by what is generated. */
export const fuzz: Group = {
  name: 'fuzz',
  about: 'whatever a parser is given, it returns, or throws an error of its own kind',
  *rows(extent: Extent) {
    yield* byCoverage(extent);
    yield* byGenerators(extent);
  },
};

function* byCoverage({ isShort, random }: Extent): Generator<Row> {
  for (const target of Object.keys(SEEDS)) {
    const seed = random.fork(target).below(2 ** 31);
    if (isShort && !SHORT_TARGETS.includes(target)) continue;
    yield {
      name: target,
      async run() {
        const tried = await runFuzzer({ target, seed, forMs: isShort ? SHORT_MS : FOR_MS });
        assert(tried > (isShort ? 0 : 100), `the fuzzer got to ${tried} inputs only`);
      },
      limitMs: ROW_LIMIT_MS,
    };
  }
}

function* byGenerators({ isShort, random }: Extent): Generator<Row> {
  for (const target of Object.keys(GENERATORS)) {
    const seed = random.fork(`${target} generated`).below(2 ** 31);
    const count = isShort ? SHORT_GENERATED : GENERATED;
    yield {
      name: `${target}, ${count} generated inputs`,
      run: () => runGenerated({ target, seed, count, limitMs: ROW_LIMIT_MS - 10_000 }),
      limitMs: ROW_LIMIT_MS,
    };
  }
}
