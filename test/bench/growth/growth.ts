import type { Pair } from '../contest.js';
import type { SceneOptions } from '../scene.js';

/** How cost grows with the amount of work, for admind and a peer. */
export interface Growth {
  readonly name: string;
  readonly what: string;
  readonly peer: string;
  /** Of the amount. */
  readonly unit: string;
  measure(options: SceneOptions, print: (line: string) => void): Promise<readonly GrowthPoint[]>;
}

export interface GrowthPoint {
  readonly amount: number;
  readonly rounds: readonly Pair<Figures>[];
}

/** By what they are, unit included; the first of them is the one to be drawn. */
export type Figures = Readonly<Record<string, number>>;

/** In turns; what lasts minutes has one round. */
export const GROWTH_ROUNDS = 3;
