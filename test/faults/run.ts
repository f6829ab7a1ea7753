import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { JobName } from '../../src/jobs/index.js';
import { runCampaign } from './campaign.js';
import { groups } from './groups/index.js';

/*
 * The fault campaign, `npm run faults -- [--short] [--only GROUP[,GROUP]] [--jobs JOB[,JOB]] [--rows PATTERN]
 * [--product DIRECTORY] [--seed N] [--json FILE] [--verbose]`. Prints what was tried, and ends with status 1 when a row was
 * lost. `--jobs` is for groups that try one job after the other, `--product` for these, too.
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
  const sum = (count: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + count(result), 0);
  const lost = sum((result) => result.lost.length);
  print(
    `\nseed ${seed}: ${sum(({ tried }) => tried)} tried, ${sum(({ survived }) => survived)} survived, ${lost} lost`,
  );
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ seed, isShort: values.short, results }, null, 2)}\n`);
  }
  // A row that hangs, or was left half-way, must not keep the campaign from ending.
  process.exit(lost > 0 ? 1 : 0);
}
