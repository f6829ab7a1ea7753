/** How much two things that were measured in pairs differ. */
export interface Difference {
  /** The median of the pairs' differences. */
  readonly median: number;
  /** The median lies between these but for one time in a million. */
  readonly atLeast: number;
  readonly atMost: number;
}

/** Of a normal distribution: one in a million lies beyond. */
const ONE_IN_A_MILLION_Z = 4.9;

/**
 * Pairs cancel out what changes with time, and the median does not see what happens rarely, however long it takes: a
 * busy machine makes the interval wide, never wrong. Its ends are order statistics, as of the sign test.
 */
export function pairedDifference(differences: readonly number[]): Difference {
  const sorted = [...differences].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const reach = (ONE_IN_A_MILLION_Z * Math.sqrt(sorted.length)) / 2;
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(index)))] ?? NaN;
  return { median: at(middle), atLeast: at(middle - reach), atMost: at(middle + reach) };
}

/** Whether it is sure that the difference, of either sign, is greater than what is of no use to anyone. */
export function differsBy(limit: number, { atLeast, atMost }: Difference): boolean {
  return atLeast > limit || atMost < -limit;
}
