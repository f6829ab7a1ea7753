import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/core/errors.js';
import { benchmarks } from './benchmarks/index.js';
import { compare, type Result } from './compare.js';
import { measureGrowth, type Growth } from './growth.js';
import { growthMarkdown, growthPlots } from './growth-report.js';
import { comparisonTable, describeMachine } from './report.js';
import { installTools } from './tools.js';

/*
 * The benchmarks, `npm run bench -- [--only NAME[,NAME]] [--rounds N] [--growth] [--quick] [--json] [--report DIR] [--list]`.
 * Prints a table of ratios: admind by a peer that does the same work in the same run.
 */

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    growth: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    report: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

interface Report {
  readonly machine: string;
  readonly results: readonly Result[];
  readonly growth?: Growth;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
/** With `--json` standard output is for the results alone. */
const tell = (line: string) => void process.stderr.write(`${line}\n`);

if (values.list) for (const { name, what, peer } of benchmarks) print(`${name}: ${what}, against ${peer}`);
else process.exitCode = await bench();

/** @returns the exit status: a missed goal is a result, a benchmark that could not be run is a failure */
async function bench(): Promise<number> {
  const only = values.only?.split(',') ?? (values.growth ? [] : benchmarks.map(({ name }) => name));
  const unknown = only.filter((name) => benchmarks.every((benchmark) => benchmark.name !== name));
  const rounds = Number(values.rounds);
  if (unknown.length > 0 || !Number.isSafeInteger(rounds) || rounds < 1) {
    tell(unknown.length > 0 ? `There is no ${unknown.join(', ')}; see --list` : 'rounds: 1 or more');
    return 2;
  }
  const options = { isQuick: values.quick };
  const results: Result[] = [];
  let failed = 0;
  const attempt = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    tell(name);
    return work().catch((error: unknown) => {
      failed += 1;
      tell(`  FAILED: ${messageOf(error)}`);
      return undefined;
    });
  };
  await installTools(tell);
  for (const benchmark of benchmarks.filter(({ name }) => only.includes(name))) {
    const result = await attempt(benchmark.name, () => compare(benchmark, rounds, options, tell));
    if (result) results.push(result);
  }
  const growth = values.growth ? await attempt('growth', () => measureGrowth(options, tell)) : undefined;
  const report: Report = { machine: describeMachine(), results, ...(growth && { growth }) };
  print(values.json ? JSON.stringify(report, null, 2) : markdown(report));
  if (values.report !== undefined) await write(values.report, report);
  return failed === 0 ? 0 : 1;
}

/** Results of this run replace those of an earlier one, row by row: a long run can be made in parts. */
async function write(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'results.json');
  const earlier = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Report,
    () => undefined,
  );
  const known = new Map(
    [...(earlier?.results ?? []), ...report.results].map((result) => [result.name, result]),
  );
  const results = benchmarks.flatMap(({ name }) => known.get(name) ?? []);
  const merged: Report = { ...earlier, ...report, results };
  await writeFile(file, `${JSON.stringify(merged, null, 2)}\n`);
  await writeFile(join(directory, 'results.md'), `${markdown(merged)}\n`);
  if (!merged.growth) return;
  for (const [name, svg] of Object.entries(growthPlots(merged.growth))) {
    await writeFile(join(directory, name), svg);
  }
}

function markdown({ machine, results, growth }: Report): string {
  return [
    '# Benchmarks',
    'Made by `npm run bench`: the median of the ratios of admind to a peer in the same run, and their range.',
    machine,
    ...(results.length > 0 ? [comparisonTable(results)] : []),
    ...(growth ? [growthMarkdown(growth)] : []),
  ].join('\n\n');
}
