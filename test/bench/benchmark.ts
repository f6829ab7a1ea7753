import type { Scene } from './scene.js';
import type { Contest } from './contest.js';

/** What the median ratio of admind to its peer has to reach. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One row of the comparison: admind and a peer at the same work. */
export interface Benchmark {
  readonly name: string;
  readonly what: string;
  readonly peer: string;
  /** Of both figures; the ratio is admind's figure by the peer's. */
  readonly unit: string;
  /** Undefined for a row that only explains another one. */
  readonly goal: Goal | undefined;
  /** Makes everything that is not measured. */
  prepare(scene: Scene): Promise<Contest>;
}
