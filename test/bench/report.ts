import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { Comparison } from './compare.js';
import { comparisonTable } from './comparison-table.js';
import { growthPlot, growthTable } from './growth-report.js';
import type { Growth, GrowthPoint } from './growth/growth.js';
import { describeOrigin, type Origin } from '../support/origin.js';
import { latestOf, readResults, writeResults } from '../support/report-directory.js';

export interface Result extends Comparison {
  readonly origin: Origin;
  /** Of the result that this one has replaced in the report. */
  readonly earlier?: { readonly ratio: number; readonly origin: Origin } | undefined;
}

export interface GrowthResult extends Pick<Growth, 'name' | 'what' | 'peer' | 'unit'> {
  readonly points: readonly GrowthPoint[];
  readonly origin: Origin;
}

export interface Report {
  readonly results: readonly Result[];
  readonly growth: readonly GrowthResult[];
}

/** @returns an empty one if there is none */
export async function readReport(directory: string): Promise<Report> {
  return (await readResults<Report>(directory)) ?? { results: [], growth: [] };
}

/** Results replace earlier ones, row by row: a long run can be made in parts. @param names in their order */
export async function updateReport(
  directory: string,
  earlier: Report,
  report: Report,
  names: readonly string[],
): Promise<void> {
  const merge = <Row extends { readonly name: string }>(...rows: readonly Row[]) =>
    latestOf(names, rows, ({ name }) => name);
  const merged: Report = {
    results: merge(...earlier.results, ...report.results),
    growth: merge(...earlier.growth, ...report.growth),
  };
  await writeResults(directory, merged, markdown(merged));
  for (const result of merged.growth) {
    await writeFile(join(directory, plotFile(result.name)), growthPlot(result));
  }
}

export function markdown({ results, growth }: Report): string {
  const origins = new Set(results.map(({ origin }) => describeOrigin(origin)));
  return [
    '# Benchmarks',
    'Made by `npm run bench`: the median of the ratios of admind to a peer in the same run, and their range.',
    // A table for each, lest a figure is taken for one of another machine.
    ...[...origins].flatMap((described) => [
      described,
      comparisonTable(results.filter(({ origin }) => describeOrigin(origin) === described)),
    ]),
    ...(growth.length > 0 ? ['## How cost grows'] : []),
    ...growth.flatMap((result) => [
      `### ${result.name}`,
      `${result.what}, against ${result.peer}. ${describeOrigin(result.origin)}`,
      growthTable(result),
      `![${result.name}](${plotFile(result.name)})`,
    ]),
  ].join('\n\n');
}

function plotFile(name: string): string {
  return `${name}.svg`;
}
