import { cpus, totalmem } from 'node:os';
import type { Goal } from './benchmark.js';
import type { Result } from './compare.js';
import { GIB } from './scene.js';
import { threeDigits, type Spread } from './statistics.js';
import { markdownTable } from './table.js';

const HEAD = ['name', 'what', 'against', 'admind', 'peer', 'ratio (min–max)', 'goal', 'met'];

/** The results as a Markdown table. */
export function comparisonTable(results: readonly Result[]): string {
  return markdownTable(
    HEAD,
    results.map(({ name, what, peer, unit, goal, product, peerFigure, ratio, isMet }) => [
      name,
      what,
      peer,
      `${threeDigits(product.median)} ${unit}`,
      `${threeDigits(peerFigure.median)} ${unit}`,
      withRange(ratio),
      goal ? describeGoal(goal) : '',
      isMet === undefined ? '' : isMet ? 'yes' : '**no**',
    ]),
  );
}

/** The machine that the figures are from. */
export function describeMachine(): string {
  const [processor] = cpus();
  return `Node ${process.version}, ${cpus().length} × ${processor?.model ?? 'unknown'}, ${Math.round(totalmem() / GIB)} GiB of memory`;
}

function describeGoal(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
}

function withRange({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}
