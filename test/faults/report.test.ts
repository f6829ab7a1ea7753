import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { updateReport, type ReportedGroup } from './report.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'admind-report-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const ended = (group: string, jobs?: readonly string[]): ReportedGroup => ({
  ...{ group, jobs, about: 'for this test', tried: 2, survived: 2, missed: [], lost: [], seconds: 60 },
  ...{ seed: 1, origin: { date: '2026-01-01', commit: 'abc', machine: 'one' } },
});
const keep = (...groups: readonly ReportedGroup[]) => updateReport(directory, groups, ['first', 'second']);
const kept = () =>
  [...readFileSync(join(directory, 'results.md'), 'utf8').matchAll(/^\| ((?:first|second).*?) \|/gm)].map(
    ([, name]) => name,
  );

test('groups and parts of groups replace what they make obsolete, and stand in their order', async () => {
  await keep(ended('second'), ended('first'));
  expect(kept()).toEqual(['first', 'second']);
  await keep(ended('first', ['logs']));
  await keep(ended('first', ['certs', 'debug']));
  await keep(ended('first', ['logs']));
  expect(kept()).toEqual(['first (certs, debug)', 'first (logs)', 'second']);
  await keep(ended('first'));
  expect(kept()).toEqual(['first', 'second']);
});
