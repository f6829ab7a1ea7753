import type { GrowthPoint } from './growth/growth.js';
import { plot } from './plot.js';
import type { GrowthResult } from './report.js';
import { spreadOf, threeDigits, withRange } from './statistics.js';
import { markdownTable } from '../support/markdown-table.js';

/** For each figure the medians of both sides, and that of the ratios of admind to its peer. */
export function growthTable({ unit, points }: GrowthResult): string {
  const figures = figuresOf(points);
  return markdownTable(
    [unit, ...figures.flatMap((figure) => [`${figure}: admind`, 'peer', 'ratio (min–max)'])],
    points.map((point) => [
      threeDigits(point.amount),
      ...figures.flatMap((figure) => [
        threeDigits(median(point, 'product', figure)),
        threeDigits(median(point, 'peer', figure)),
        withRange(spreadOf(point.rounds.map(({ product, peer }) => product[figure]! / peer[figure]!))),
      ]),
    ]),
  );
}

/** @returns an SVG document */
export function growthPlot({ name, unit, points }: GrowthResult): string {
  const [figure = ''] = figuresOf(points);
  const line = (side: 'product' | 'peer') =>
    points.map((point) => [point.amount, median(point, side, figure)] as const);
  return plot({
    ...{ title: name, x: unit, y: figure },
    lines: { admind: line('product'), peer: line('peer') },
  });
}

function median({ rounds }: GrowthPoint, side: 'product' | 'peer', figure: string): number {
  return spreadOf(rounds.map((round) => round[side][figure]!)).median;
}

function figuresOf(points: readonly GrowthPoint[]): readonly string[] {
  return Object.keys(points[0]?.rounds[0]?.product ?? {});
}
