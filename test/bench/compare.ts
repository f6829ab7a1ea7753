import type { Benchmark, Goal } from './benchmark.js';
import { play, type Pair } from './contest.js';
import { openScene, type SceneOptions } from './scene.js';
import { spreadOf, threeDigits, type Spread } from './statistics.js';

export interface Comparison extends Pick<Benchmark, 'name' | 'what' | 'peer' | 'unit' | 'goal'> {
  /** One pair a round. */
  readonly figures: readonly Pair<number>[];
  readonly product: Spread;
  readonly peerFigure: Spread;
  readonly ratio: Spread;
  /** Undefined where there is no goal. */
  readonly isMet: boolean | undefined;
}

export async function compare(
  benchmark: Benchmark,
  rounds: number,
  options: SceneOptions,
  print: (line: string) => void,
): Promise<Comparison> {
  const { name, what, peer, unit, goal } = benchmark;
  const scene = await openScene(options);
  try {
    const figures = await play(await benchmark.prepare(scene), rounds, (round, count) => {
      print(`  round ${count}: ${threeDigits(round.product)} to ${threeDigits(round.peer)} ${unit}`);
    });
    const ratio = spreadOf(figures.map((round) => round.product / round.peer));
    return {
      ...{ name, what, peer, unit, goal, figures, ratio },
      product: spreadOf(figures.map((round) => round.product)),
      peerFigure: spreadOf(figures.map((round) => round.peer)),
      isMet: goal && meets(ratio.median, goal),
    };
  } finally {
    await scene.close();
  }
}

function meets(ratio: number, goal: Goal): boolean {
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}
