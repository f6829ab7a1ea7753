import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { JobName } from '../../src/jobs/index.js';
import { count, runCampaign, type GroupResult } from './campaign.js';
import { groups } from './groups/index.js';

/*
 * The fault campaign, `npm run faults -- [--short] [--only GROUP[,GROUP]] [--jobs JOB[,JOB]] [--rows PATTERN]
 * [--product DIRECTORY] [--seed N] [--json FILE] [--verbose] [--strict]`. Prints what was tried, and ends with status 1 when
 * a row was lost; `--strict`: also when something is missing here for a group or a row. `--jobs` is for groups that try one
 * job after the other, `--product` for these, too.
 */

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    jobs: { type: 'string' },
    rows: { type: 'string' },
    product: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const print = (line: string) => void process.stdout.write(`${line}\n`);

if (values.list) for (const { name, about } of groups) print(`${name}: ${about}`);
else await campaign();

async function campaign(): Promise<void> {
  const names = groups.map(({ name }) => name);
  const only = values.only?.split(',') ?? names;
  const unknown = only.filter((name) => !names.includes(name));
  const seed = Number(values.seed);
  if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
    print(`There is no ${unknown.join(', ') || `seed ${values.seed}`}; groups are: ${names.join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const results = await runCampaign({
    groups: groups.filter(({ name }) => only.includes(name)),
    isShort: values.short,
    isVerbose: values.verbose,
    jobs: values.jobs?.split(',') as JobName[] | undefined,
    rows: values.rows === undefined ? undefined : new RegExp(values.rows),
    product: values.product,
    seed,
    print,
  });
  const isComplete = printSkipped(results);
  print(`seed ${seed}: ${count(results)}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ seed, isShort: values.short, results }, null, 2)}\n`);
  }
  // A row that hangs, or was left half-way, must not keep the campaign from ending.
  const isLost = results.some(({ lost }) => lost.length > 0);
  process.exit(isLost || (values.strict && !isComplete) ? 1 : 0);
}

/** @returns whether there was nothing to print */
function printSkipped(results: readonly GroupResult[]): boolean {
  const skipped = results.flatMap(({ group, skipped: why }) =>
    why === undefined ? [] : [`${group} (${why})`],
  );
  const lacking = results.flatMap(({ group, missed }) =>
    missed.flatMap(({ row, lacks }) => (lacks === undefined ? [] : [`${group}: ${row} (${lacks})`])),
  );
  print('');
  if (skipped.length > 0) print(`${skipped.length} groups skipped: ${skipped.join(', ')}`);
  if (lacking.length > 0) print(`${lacking.length} rows not run: ${lacking.join(', ')}`);
  return skipped.length + lacking.length === 0;
}
