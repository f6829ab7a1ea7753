import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { play } from './contest.js';
import { readReport, updateReport, type GrowthResult, type Report, type Result } from './report.js';

test('each round begins with the other side', async () => {
  const turns: string[] = [];
  const side = (name: string) => () => Promise.resolve(turns.push(name));
  const rounds = await play({ product: side('product'), peer: side('peer') }, 3, () => undefined);
  expect(turns).toEqual(['product', 'peer', 'peer', 'product', 'product', 'peer']);
  expect(rounds).toEqual([
    { product: 1, peer: 2 },
    { product: 4, peer: 3 },
    { product: 5, peer: 6 },
  ]);
});

describe('a report', () => {
  let directory: string;

  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'admind-report-'))));
  afterEach(() => rm(directory, { recursive: true }));

  test('keeps what a later run did not measure, with its origin', async () => {
    const names = ['start', 'backup', 'growth-uploads'];
    const first = { results: [resultOf('backup', 'a'), resultOf('start', 'a')], growth: [growthOf('a')] };
    await updateReport(directory, await readReport(directory), first, names);
    const second: Report = { results: [resultOf('backup', 'b')], growth: [] };
    await updateReport(directory, await readReport(directory), second, names);
    const { results, growth } = await readReport(directory);
    expect(results.map(({ name, origin }) => [name, origin.commit])).toEqual([
      ['start', 'a'],
      ['backup', 'b'],
    ]);
    expect(growth.map(({ origin }) => origin.commit)).toEqual(['a']);
    expect(await readdir(directory)).toEqual(['growth-uploads.svg', 'results.json', 'results.md']);
  });
});

const SPREAD = { median: 1, min: 1, max: 1 };

function resultOf(name: string, commit: string): Result {
  return {
    ...{ name, what: '', peer: '', unit: 's', goal: undefined, isMet: undefined, figures: [] },
    ...{ product: SPREAD, peerFigure: SPREAD, ratio: SPREAD, origin: originOf(commit) },
  };
}

function growthOf(commit: string): GrowthResult {
  const points = [{ amount: 1, rounds: [{ product: { s: 1 }, peer: { s: 2 } }] }];
  return { name: 'growth-uploads', what: '', peer: '', unit: 'MiB', points, origin: originOf(commit) };
}

function originOf(commit: string) {
  return { machine: 'one', date: '2026-01-31', commit };
}
