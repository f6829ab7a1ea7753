import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobName } from '../../src/jobs/index.js';
import { copyProduct, type ProductCopy } from '../support/product-copy.js';
import type { GroupResult } from './campaign.js';
import { groups } from './groups/index.js';

/*
 * The campaign has to be able to fail: rows of it lose a product that has a bug, and what they are lost for names the bug.
 * The product as it is survives the same rows.
 */

interface SeededBug {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly group: string;
  readonly job: JobName;
  /** A pattern of their names. */
  readonly rows: string;
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
    rows: 'told, power cut',
    lostFor: /a torn state|told stays one|is there|brought about|it works|next request|never/,
  },
  {
    name: 'the failure of network.sh swallowed',
    file: 'jobs/settings-job.ts',
    right: 'await runApplianceScript(context, parts.script, args, parts.applianceScript);',
    wrong:
      'await runApplianceScript(context, parts.script, args, parts.applianceScript).catch(() => undefined);',
    group: 'kill',
    job: 'settings',
    rows: 'its script killed',
    lostFor: /the machine follows those of/,
  },
  {
    name: 'settings put back without network.sh',
    file: 'jobs/settings-job.ts',
    right: 'if (args) await apply(context, args);',
    wrong: 'void args;',
    group: 'kill',
    job: 'settings',
    rows: 'at apply, runner killed',
    lostFor: /the machine follows those of/,
  },
  {
    name: 'a secret logged',
    file: 'http/request-log.ts',
    right: 'path: exchange.resource ? exchange.path : undefined',
    wrong: 'path: response.req.originalUrl',
    group: 'kill',
    job: 'license',
    rows: 'at start, runner killed',
    lostFor: /no secret is told/,
  },
  {
    name: 'a file left behind',
    file: 'jobs/job-records.ts',
    right: 'await freePath(path)',
    wrong: 'await Promise.resolve()',
    group: 'kill',
    job: 'license',
    rows: 'at start, runner killed',
    lostFor: /nothing is left behind/,
  },
  {
    name: 'a success told before the change is committed',
    file: 'jobs/run-job.ts',
    right: 'await change?.commit(note);',
    wrong: 'await records.succeed(success);\n    await change?.commit(note);',
    group: 'kill',
    job: 'license',
    rows: 'when its success is told, runner killed',
    lostFor: /a success has brought about the new state|what was answered is there|told/,
  },
];

/** On a busy machine; a row stops a runner for twelve seconds. */
const LIMIT_MS = 600_000;

let product: ProductCopy;
beforeEach(async () => {
  product = await copyProduct();
});
afterEach(() => product.remove());

describe.each(bugs)('$name', (bug) => {
  const lacks = groups.find(({ name }) => name === bug.group)?.lacks?.();
  // Loudly: what it needs is in the name of what is not tested.
  const testWhereItCan = lacks === undefined ? test : test.skip;

  testWhereItCan(
    `is caught, and the product without it survives${lacks === undefined ? '' : `: ${lacks}`}`,
    async () => {
      const asItIs = await tryRows(bug);
      expect(asItIs).toMatchObject({ lost: [] });
      expect(asItIs.tried).toBeGreaterThan(0);
      await product.edit(bug.file, (text) => text.replace(bug.right, bug.wrong));
      await product.build();
      const { lost } = await tryRows(bug);
      expect(lost.map(({ reason }) => reason).join('\n')).toMatch(bug.lostFor);
    },
    LIMIT_MS,
  );
});

/** In a process of its own: what Node itself has made is not of the kind that Jest's world compares with. */
async function tryRows({ group, job, rows }: SeededBug): Promise<GroupResult> {
  const report = join(product.directory, 'report.json');
  const options = { only: group, jobs: job, rows, product: product.directory, json: report };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn('node_modules/.bin/tsx', ['test/faults/run.ts', ...args], { stdio: 'ignore' });
  await once(child, 'exit');
  const { results } = JSON.parse(await readFile(report, 'utf8')) as { readonly results: [GroupResult] };
  await rm(report);
  return results[0];
}
