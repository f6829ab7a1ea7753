import type { Benchmark, Goal } from './benchmark.js';
import { openScene, type SceneOptions } from './scene.js';
import { spreadOf, threeDigits, type Spread } from './statistics.js';

export interface Result {
  readonly name: string;
  readonly what: string;
  readonly peer: string;
  readonly unit: string;
  readonly goal: Goal | undefined;
  /** One figure a round. */
  readonly figures: readonly { readonly product: number; readonly peer: number }[];
  readonly product: Spread;
  readonly peerFigure: Spread;
  readonly ratio: Spread;
  /** Undefined where there is no goal. */
  readonly isMet: boolean | undefined;
}

/** Lets both do the work, one after the other and each round in the other order, so that what drifts meets both. */
export async function compare(
  benchmark: Benchmark,
  rounds: number,
  options: SceneOptions,
  print: (line: string) => void,
): Promise<Result> {
  const { name, what, peer, unit, goal } = benchmark;
  const scene = await openScene(options);
  try {
    const contest = await benchmark.prepare(scene);
    const figures: { product: number; peer: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const figure = { product: 0, peer: 0 };
      const sides = round % 2 === 0 ? (['product', 'peer'] as const) : (['peer', 'product'] as const);
      for (const side of sides) figure[side] = await contest[side]();
      figures.push(figure);
      print(`  round ${round + 1}: ${threeDigits(figure.product)} to ${threeDigits(figure.peer)} ${unit}`);
    }
    const ratio = spreadOf(figures.map((figure) => figure.product / figure.peer));
    return {
      ...{ name, what, peer, unit, goal, figures, ratio },
      product: spreadOf(figures.map((figure) => figure.product)),
      peerFigure: spreadOf(figures.map((figure) => figure.peer)),
      isMet: goal && meets(ratio.median, goal),
    };
  } finally {
    await scene.close();
  }
}

function meets(ratio: number, goal: Goal): boolean {
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}
