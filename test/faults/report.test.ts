import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobs, type JobName } from '../../src/jobs/index.js';
import { updateReport, type ReportedGroup } from './report.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'admind-report-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const ended = (group: string, job?: JobName): ReportedGroup => ({
  ...{ group, job, about: 'for this test', tried: 2, survived: 1, missed: [], lost: [], seconds: 60 },
  ...{ seed: 1, origin: { date: '2026-01-01', commit: 'abc', machine: 'one' } },
});
const keep = (...groups: readonly ReportedGroup[]) => updateReport(directory, groups, ['first', 'second']);
const kept = () =>
  readFileSync(join(directory, 'results.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| (first|second)/.test(line))
    .map((line) => line.replaceAll(/^\| | \|$/g, '').split(' | '));

test('results replace earlier ones, and the parts of a group are one row', async () => {
  await keep(ended('second'), ended('first', 'logs'));
  await keep({ ...ended('first', 'certs'), seed: 2 });
  await keep({ ...ended('first', 'logs'), survived: 2 });
  expect(kept()).toEqual([
    ['first', 'for this test', 'logs, certs', 'abc', '1, 2', '4', '3', '0', '0', '2.0'],
    ['second', 'for this test', '', 'abc', '1', '2', '1', '0', '0', '1.0'],
  ]);
  for (const job of Object.keys(jobs) as JobName[]) await keep(ended('first', job));
  expect(kept()[0]?.slice(2, 6)).toEqual(['all', 'abc', '1', '20']);
});

test('parts of a group replace it as a whole, and it replaces them', async () => {
  await keep(ended('first'), ended('second'));
  await keep(ended('first', 'logs'));
  expect(kept().map(([name, , job, , , tried]) => [name, job, tried])).toEqual([
    ['first', 'logs', '2'],
    ['second', '', '2'],
  ]);
  await keep(ended('first'));
  expect(kept().map(([, , job]) => job)).toEqual(['', '']);
});

test('no path of the machine is kept', async () => {
  const reason = `${process.cwd()}/package.json and ${tmpdir()}/admind-test-1/usr cannot be read`;
  await keep({ ...ended('first'), lost: [{ row: 'one', reason }] });
  for (const file of ['results.json', 'results.md']) {
    const text = readFileSync(join(directory, file), 'utf8');
    expect(text).toContain('package.json and admind-test-1/usr cannot be read');
    expect(text).not.toContain(process.cwd());
  }
});
