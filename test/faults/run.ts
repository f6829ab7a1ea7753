import { writeFileSync } from 'node:fs';
import { messageOf } from '../../src/core/errors.js';
import type { JobName } from '../../src/jobs/index.js';
import { installTools } from '../support/install-tools.js';
import { findOrigin } from '../support/origin.js';
import { readOptions } from '../support/read-options.js';
import { count, runCampaign, type GroupResult } from './campaign.js';
import { groups } from './groups/index.js';
import { allJobs } from './jobs-of.js';
import { updateReport } from './report.js';

const USAGE = `The fault campaign. Prints what was tried, and ends with status 1 when a row was lost.

npm run faults -- [OPTION]...
  --short             a few minutes, as in CI
  --only GROUP,...    these groups alone
  --jobs JOB,...      these jobs alone, in groups that try one after the other
  --rows PATTERN      rows alone whose name this regular expression finds
  --product DIRECTORY another build of the product, in groups that take --jobs
  --seed N            other moments and inputs (1)
  --json FILE         writes what happened
  --report DIRECTORY  keeps how groups ended in full, or the parts of them that --jobs names
  --verbose           prints each row
  --strict            status 1 also when something is missing here for a group or a row
  --list              names the groups`;

const values = readOptions(USAGE, {
  short: { type: 'boolean', default: false },
  only: { type: 'string' },
  jobs: { type: 'string' },
  rows: { type: 'string' },
  product: { type: 'string' },
  seed: { type: 'string', default: '1' },
  json: { type: 'string' },
  report: { type: 'string' },
  verbose: { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
});

/** For the groups that are skipped without them, and the Debian packages that bring them. */
const TOOLS = {
  ...{ curl: 'curl', openssl: 'openssl', busybox: 'busybox', ip: 'iproute2', strace: 'strace' },
  ...{ 'mkfs.ext4': 'e2fsprogs', xfs_io: 'xfsprogs', faketime: 'faketime' },
  ...{ sslscan: 'sslscan', testssl: 'testssl.sh' },
};

const print = (line: string) => void process.stdout.write(`${line}\n`);
const names = groups.map(({ name }) => name);
const only = values.only?.split(',') ?? names;
const chosen = values.jobs?.split(',') as JobName[] | undefined;
const seed = Number(values.seed);
const rows = values.rows === undefined ? undefined : readPattern(values.rows);

if (values.list) for (const { name, about } of groups) print(`${name}: ${about}`);
else await campaign();

/** @returns undefined for what is no regular expression */
function readPattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

function findRefusal(): string | undefined {
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) return `There is no ${unknown.join(', ')}; groups are: ${names.join(', ')}`;
  if (!Number.isSafeInteger(seed)) return `--seed ${values.seed}: a whole number is allowed`;
  if (values.rows !== undefined && !rows) return `--rows ${values.rows}: a regular expression is allowed`;
  const unknownJobs = chosen?.filter((name) => !allJobs.includes(name)) ?? [];
  if (unknownJobs.length > 0) {
    return `There is no ${unknownJobs.join(', ')}; jobs are: ${allJobs.join(', ')}`;
  }
  if (values.report === undefined) return undefined;
  if (values.short || values.rows !== undefined) {
    return '--report keeps how groups ended in full: it does not go with --short and --rows';
  }
  const whole = groups.filter(({ name, isByJob }) => only.includes(name) && isByJob !== true);
  if (chosen && whole.length > 0) {
    return `--report does not go with --jobs for ${whole.map(({ name }) => name).join(', ')}, which cannot be made in parts`;
  }
  return undefined;
}

async function campaign(): Promise<void> {
  const refusal = findRefusal();
  if (refusal !== undefined) {
    print(refusal);
    process.exitCode = 2;
    return;
  }
  const origin = await findOrigin('test/faults');
  // Without them their groups are skipped.
  if (!values.short) await installTools(TOOLS, print).catch((error: unknown) => print(messageOf(error)));
  const stop = new AbortController();
  // Once: whoever cannot wait for the row sends another one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const results = await runCampaign({
    groups: groups.filter(({ name }) => only.includes(name)),
    isShort: values.short,
    isVerbose: values.verbose,
    jobs: chosen,
    rows,
    product: values.product,
    seed,
    print,
    stop: stop.signal,
  });
  if (stop.signal.aborted) print('Stopped before its end');
  const isComplete = printSkipped(results);
  print(`seed ${seed}: ${count(results)}`);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ seed, isShort: values.short, results }, null, 2)}\n`);
  }
  if (values.report !== undefined && !stop.signal.aborted) {
    await updateReport(
      values.report,
      results.map((result) => ({ ...result, origin, seed })),
      names,
    );
  }
  // A row that hangs, or was left half-way, must not keep the campaign from ending.
  const isLost = results.some(({ lost }) => lost.length > 0);
  process.exit(isLost || stop.signal.aborted || (values.strict && !isComplete) ? 1 : 0);
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
