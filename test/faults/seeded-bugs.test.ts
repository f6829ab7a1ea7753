import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyProduct, type ProductCopy } from '../support/product-copy.js';
import type { GroupResult } from './campaign.js';
import { groups } from './groups/index.js';

/*
 * The campaign has to be able to fail: rows of it lose a product that has a bug, and what they are lost for names the bug.
 * The product as it is survives the same rows.
 */

/** Separated by commas, where there are several. */
interface Tried {
  readonly group: string;
  readonly job: string;
  /** A pattern of their names. */
  readonly rows: string;
}

interface SeededBug extends Tried {
  readonly name: string;
  /** Relative to `src/`. */
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly lostFor: RegExp;
}

const bugs: readonly SeededBug[] = [
  {
    name: 'a missing fsync',
    file: 'system/atomic-file.ts',
    right: 'await handle.chmod(mode);\n    await handle.sync();',
    wrong: 'await handle.chmod(mode);',
    group: 'power-cut',
    job: 'license',
    rows: 'license, .* told, power cut',
    lostFor: /a torn state/,
  },
  {
    name: 'an unlock before the last write',
    file: 'jobs/run-job.ts',
    right: 'await finish(parts, records, success, change);',
    wrong: 'await parts.lock.release();\n    await finish(parts, records, success, change);',
    group: 'stop',
    job: 'license',
    rows: 'license, at its last line, runner stopped',
    lostFor: /a second license/,
  },
  {
    name: 'the failure of network.sh swallowed',
    file: 'jobs/settings-job.ts',
    right: 'await runApplianceScript(context, parts.script, args, parts.applianceScript);',
    wrong:
      'await runApplianceScript(context, parts.script, args, parts.applianceScript).catch(() => undefined);',
    group: 'kill',
    job: 'settings',
    rows: 'settings, its script killed',
    lostFor: /the machine follows those of/,
  },
  {
    name: 'settings put back without network.sh',
    file: 'jobs/settings-job.ts',
    right:
      "if (!args) throw new JobFailure({ message: 'there were no settings before' });\n      await apply(context, args);",
    wrong: 'void args;',
    group: 'kill',
    job: 'settings',
    rows: 'settings, its runner killed while',
    lostFor: /the machine follows those of/,
  },
  {
    name: 'a secret logged',
    file: 'http/request-log.ts',
    right: 'path: exchange.resource ? exchange.path : undefined',
    wrong: 'path: response.req.originalUrl',
    group: 'kill',
    job: 'license',
    rows: 'license, at start, runner killed',
    lostFor: /no secret is told/,
  },
  {
    name: 'a password given as an argument',
    file: '../scripts/apply-storage.sh',
    right: 'exec "$script"',
    wrong: 'exec "$script" "$(cat "$ADMIND_ROOT/usr/local/etc/storage.conf")"',
    group: 'kill',
    job: 'storage',
    rows: 'storage, at start, runner killed',
    lostFor: /the storage password of round \d+ in the process list/,
  },
  {
    name: 'a file put back with another mode',
    file: 'system/file-change.ts',
    right: '(await exists(old)) await rename(old, file);',
    wrong:
      "(await exists(old)) await import('node:fs/promises').then(({ chmod }) => chmod(old, 0o666)).then(() => rename(old, file));",
    group: 'kill',
    job: 'settings',
    rows: 'settings, its runner killed while',
    lostFor: /modes and owners stay, but: .*now 666/,
  },
  {
    name: 'a change without a journal',
    file: 'system/file-change.ts',
    right: 'await writeJournal(journal, { entries, isCommitted: false });\n    for',
    wrong: 'for',
    group: 'crash-points',
    job: 'license',
    rows: 'license, (killed|lost|names) at call \\d+ of (link|rename|fsync) .pool.$',
    lostFor: /a failure has left the old state/,
  },
  {
    name: 'a file left behind',
    file: 'jobs/job-records.ts',
    right: 'await freePath(path)',
    wrong: 'await Promise.resolve()',
    group: 'kill',
    job: 'license',
    rows: 'license, at start, runner killed',
    lostFor: /nothing is left behind/,
  },
];

/** On a busy machine; a row stops a runner for twelve seconds. */
const LIMIT_MS = 600_000;

let product: ProductCopy;
beforeEach(async () => {
  product = await copyProduct();
});
afterEach(() => product.remove());

test(
  'the product as it is survives the rows that follow',
  async () => {
    const all = (values: readonly string[], separator: string) => [...new Set(values)].join(separator);
    const results = await tryRows({
      group: all(
        bugs.map(({ group }) => group),
        ',',
      ),
      job: all(
        bugs.map(({ job }) => job),
        ',',
      ),
      rows: all(
        bugs.map(({ rows }) => rows),
        '|',
      ),
    });
    expect(results.flatMap(({ lost }) => lost)).toEqual([]);
    for (const { group, job } of bugs) {
      const parts = results.filter((result) => result.group === group && (result.job ?? job) === job);
      expect(parts.some(({ survived, skipped }) => survived > 0 || skipped !== undefined)).toBe(true);
    }
  },
  LIMIT_MS,
);

describe.each(bugs)('$name', (bug) => {
  const lacks = groups.find(({ name }) => name === bug.group)?.lacks?.();
  // Loudly: what it needs is in the name of what is not tested.
  const [testWhereItCan, why] = lacks === undefined ? [test, ''] : [test.skip, `: ${lacks}`];

  testWhereItCan(
    `is caught${why}`,
    async () => {
      await product.edit(bug.file, (text) => text.replace(bug.right, bug.wrong));
      await product.build();
      const results = await tryRows(bug);
      const reasons = results.flatMap(({ lost }) => lost.map(({ reason }) => reason));
      expect(reasons.join('\n')).toMatch(bug.lostFor);
    },
    LIMIT_MS,
  );
});

/** In a process of its own: what Node itself has made is not of the kind that Jest's world compares with. */
async function tryRows({ group, job, rows }: Tried): Promise<readonly GroupResult[]> {
  const report = join(product.directory, 'report.json');
  const options = { only: group, jobs: job, rows, product: product.directory, json: report };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn('node_modules/.bin/tsx', ['test/faults/run.ts', ...args], { stdio: 'ignore' });
  await once(child, 'exit');
  const { results } = JSON.parse(await readFile(report, 'utf8')) as {
    readonly results: readonly GroupResult[];
  };
  await rm(report);
  return results;
}
