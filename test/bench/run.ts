import { messageOf } from '../../src/core/errors.js';
import { installTools } from '../support/install-tools.js';
import { findOrigin } from '../support/origin.js';
import { readOptions } from '../support/read-options.js';
import { benchmarks } from './benchmarks/index.js';
import { compare } from './compare.js';
import { growths } from './growth/index.js';
import { markdown, readReport, updateReport, type GrowthResult, type Result } from './report.js';

const USAGE = `The benchmarks. Prints a table of ratios: admind by a peer that does the same work in the same run.

npm run bench -- [OPTION]...
  --only NAME,...     these alone, of benchmarks and of what shows how cost grows
  --rounds N          of each side (3)
  --growth            how cost grows, instead
  --quick             only tries that all of it works: its figures mean nothing
  --json              prints JSON
  --report DIRECTORY  keeps the results
  --list              names what can be measured`;

const values = readOptions(USAGE, {
  only: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  growth: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  report: { type: 'string' },
  list: { type: 'boolean', default: false },
});

const TOOLS = {
  wrk: 'wrk',
  ab: 'apache2-utils',
  curl: 'curl',
  openssl: 'openssl',
  tar: 'tar',
  gzip: 'gzip',
  bash: 'bash',
  sync: 'coreutils',
};

const print = (line: string) => void process.stdout.write(`${line}\n`);
/** With `--json` standard output is for the results alone. */
const tell = (line: string) => void process.stderr.write(`${line}\n`);

const all = [...benchmarks, ...growths];
const names = all.map(({ name }) => name);
const only = values.only?.split(',') ?? (values.growth ? growths : benchmarks).map(({ name }) => name);
const rounds = Number(values.rounds);

const refusal = findRefusal();
if (values.list) for (const { name, what, peer } of all) print(`${name}: ${what}, against ${peer}`);
else if (refusal === undefined) process.exitCode = await bench();
else {
  tell(refusal);
  process.exitCode = 2;
}

function findRefusal(): string | undefined {
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) return `There is no ${unknown.join(', ')}; see --list`;
  if (!Number.isSafeInteger(rounds) || rounds < 1) return '--rounds: 1 or more';
  if (values.quick && values.report !== undefined) {
    return '--report keeps figures, and those of --quick mean nothing: use one of the two';
  }
  return undefined;
}

/** @returns the exit status: a missed goal is a result, a benchmark that could not be run is a failure */
async function bench(): Promise<number> {
  const options = { isQuick: values.quick };
  const origin = await findOrigin('test/bench');
  const before = values.report === undefined ? undefined : await readReport(values.report);
  const results: Result[] = [];
  const growth: GrowthResult[] = [];
  let failed = 0;
  const attempt = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    tell(name);
    await work().catch((error: unknown) => {
      failed += 1;
      tell(`  FAILED: ${messageOf(error)}`);
    });
  };
  await installTools(TOOLS, tell);
  for (const benchmark of benchmarks.filter(({ name }) => only.includes(name))) {
    await attempt(benchmark.name, async () => {
      const comparison = await compare(benchmark, rounds, options, tell);
      const replaced = before?.results.find(({ name }) => name === benchmark.name);
      const earlier = replaced && { ratio: replaced.ratio.median, origin: replaced.origin };
      results.push({ ...comparison, origin, earlier });
    });
  }
  for (const { measure, ...part } of growths.filter(({ name }) => only.includes(name))) {
    await attempt(part.name, async () => {
      growth.push({ ...part, points: await measure(options, tell), origin });
    });
  }
  const report = { results, growth };
  print(values.json ? JSON.stringify(report, null, 2) : markdown(report));
  if (before && values.report !== undefined) await updateReport(values.report, before, report, names);
  return failed === 0 ? 0 : 1;
}
