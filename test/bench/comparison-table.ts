import type { Goal } from './benchmark.js';
import type { Result } from './report.js';
import { threeDigits, withRange } from './statistics.js';
import { markdownTable } from '../support/markdown-table.js';

const HEAD = ['name', 'what', 'against', 'admind', 'peer', 'ratio (min–max)', 'earlier', 'goal', 'met'];

/** The results as a Markdown table. */
export function comparisonTable(results: readonly Result[]): string {
  return markdownTable(
    HEAD,
    results.map(({ name, what, peer, unit, goal, product, peerFigure, ratio, earlier, isMet }) => [
      name,
      what,
      peer,
      `${threeDigits(product.median)} ${unit}`,
      `${threeDigits(peerFigure.median)} ${unit}`,
      withRange(ratio),
      earlier ? `${earlier.ratio.toFixed(2)} (${earlier.origin.commit})` : '',
      goal ? describeGoal(goal) : '',
      isMet === undefined ? '' : isMet ? 'yes' : '**no**',
    ]),
  );
}

function describeGoal(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
}
