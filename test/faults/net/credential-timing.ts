import { createRandom, type Random } from '../random.js';
import { pairedDifference, type Difference } from './statistics.js';

/** Says whether a credential is valid; measured for whether it takes as long for each. */
export type Check = (query: ReadonlyMap<string, string>, token: string, signed: string) => boolean;

/** Credentials of two kinds, made anew for each sample by the same steps. */
export interface TimedPair {
  readonly name: string;
  readonly a: (random: Random) => string;
  readonly b: (random: Random) => string;
}

/** In the query. */
export type Field = 'token' | 'hash';

const CALLS_PER_SAMPLE = 4;

/**
 * Measures a check with credentials of two kinds, in turn and in random order.
 *
 * @param count pairs of samples
 * @returns nanoseconds by which a call with one of `a` takes longer than with one of `b`
 */
export function timeCheck(
  check: Check,
  {
    field,
    token,
    signed,
    pair,
    count,
    random,
  }: {
    readonly field: Field;
    readonly token: string;
    readonly signed: string;
    readonly pair: TimedPair;
    readonly count: number;
    readonly random: Random;
  },
): Difference {
  let accepted = 0;
  const sample = (text: string) => {
    // As a request brings it: read from bytes, at a place in memory of its own each time.
    const queries = Array.from(
      { length: CALLS_PER_SAMPLE },
      () => new Map([[field, Buffer.from(text, 'latin1').toString('latin1')]]),
    );
    const began = process.hrtime.bigint();
    for (const query of queries) if (check(query, token, signed)) accepted += 1;
    return Number(process.hrtime.bigint() - began) / CALLS_PER_SAMPLE;
  };
  const differences: number[] = [];
  for (let n = -count / 10; n < count; n += 1) {
    const [a, b] = [pair.a(random), pair.b(random)];
    const isFirst = random.below(2) === 0;
    const first = sample(isFirst ? a : b);
    const second = sample(isFirst ? b : a);
    // The first tenth only warms up.
    if (n >= 0) differences.push(isFirst ? first - second : second - first);
  }
  // Looked at, so that no compiler leaves the calls out.
  if (accepted > 4 * CALLS_PER_SAMPLE * count) throw new Error('more was accepted than was tried');
  return pairedDifference(differences);
}

/** Text like `secret` in its first `right` characters and unlike it in the next, of the same length. */
export function likeUpTo(secret: string, right: number, random: Random): string {
  if (right >= secret.length) return secret;
  const other = secret[right] === 'x' ? 'y' : 'x';
  const drawn = String(random.below(1e6)).slice(0, secret.length - right - 1);
  const rest = drawn + 'x'.repeat(secret.length - right - 1 - drawn.length);
  return secret.slice(0, right) + other + rest;
}

/** A token so long that what a comparison of characters tells stands out. */
export function longToken(length: number): string {
  const random = createRandom(7, 'token');
  return Array.from({ length }, () => 'ABCDEFGH'[random.below(8)]).join('');
}
