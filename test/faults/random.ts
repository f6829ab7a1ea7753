/** Numbers drawn by chance, which a seed repeats. */
export interface Random {
  /** At least 0 and below 1. */
  next(): number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** Some of them, none twice; all where there are fewer. */
  draw<T>(from: readonly T[], count: number): readonly T[];
  /** Another source, which draws the same whatever this one goes on to draw. */
  fork(name: string): Random;
}

/** The generator mulberry32, seeded by a number and a name. */
export function createRandom(seed: number, name = ''): Random {
  let state = Buffer.from(name).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), seed | 0);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: <T>(from: readonly [T, ...T[]]) => from[below(from.length)] ?? from[0],
    draw(from, count) {
      const left = [...from];
      return Array.from({ length: Math.min(count, left.length) }, () =>
        left.splice(below(left.length), 1),
      ).flat();
    },
    fork: (child) => createRandom(seed, `${name}/${child}`),
  };
}
