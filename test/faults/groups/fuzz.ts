import assert from 'node:assert/strict';
import { runFuzzer } from '../fuzz/run-fuzzer.js';
import { SEEDS } from '../fuzz/seeds.js';
import type { Extent, Group } from '../row.js';

const FOR_MS = 120_000;
const SHORT_MS = 5_000;
/** Of a short version. */
const SHORT_TARGETS = ['tar', 'multipart'];

/** What reads input of others, each by a fuzzer that changes input further where it reaches something new. */
export const fuzz: Group = {
  name: 'fuzz',
  about: 'whatever a parser is given, it returns, or throws an error of its own kind',
  *rows({ isShort, random }: Extent) {
    for (const target of Object.keys(SEEDS)) {
      const seed = random.below(2 ** 31);
      if (isShort && !SHORT_TARGETS.includes(target)) continue;
      yield {
        name: target,
        async run() {
          const tried = await runFuzzer({ target, seed, forMs: isShort ? SHORT_MS : FOR_MS });
          if (!isShort) assert(tried > 100, `the fuzzer got to ${tried} inputs only`);
        },
        limitMs: 300_000,
      };
    }
  },
};
