import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { runCampaign } from './campaign.js';
import { createRandom } from './random.js';
import type { Group, Row } from './row.js';

const silent = () => undefined;
const groupOf = (rows: readonly Row[], lacks?: string): Group => ({
  name: 'group',
  about: 'for this test',
  lacks: () => lacks,
  rows: () => rows,
});
const survivor: Row = { name: 'survivor', run: () => Promise.resolve() };
const run = (groups: readonly Group[], print: (line: string) => void = silent) =>
  runCampaign({ groups, isShort: true, seed: 1, print });

test('rows that reject and rows that hang are lost, and the others go on', async () => {
  const rows = [
    { name: 'rejects', run: () => Promise.reject(new Error('torn')) },
    { name: 'hangs', run: () => new Promise<void>(() => undefined), limitMs: 20 },
    survivor,
  ];
  const lines: string[] = [];
  const [result] = await run([groupOf(rows)], (line) => lines.push(line));
  expect(result).toMatchObject({
    tried: 3,
    survived: 1,
    lost: [
      { row: 'rejects', reason: 'torn' },
      { row: 'hangs', reason: 'it hung: no end after 0.02 s' },
    ],
  });
  expect(lines.join('\n')).toMatch(/LOST {5}group: rejects\n.*torn[^]*3 tried, 1 survived, 0 missed, 2 lost/);
});

test('rows that missed, and those that cannot run here, have not survived', async () => {
  const rows: readonly Row[] = [
    { name: 'too late', run: () => Promise.resolve('missed' as const) },
    {
      name: 'without its tool',
      run: () => Promise.reject<undefined>(new Error('was run')),
      lacks: 'it needs a tool',
    },
    survivor,
  ];
  const lines: string[] = [];
  const [result] = await run([groupOf(rows)], (line) => lines.push(line));
  expect(result).toMatchObject({
    ...{ tried: 3, survived: 1, lost: [] },
    missed: [{ row: 'too late' }, { row: 'without its tool', lacks: 'it needs a tool' }],
  });
  expect(lines[1]).toBe('MISSED   group: without its tool: it needs a tool');
  expect(lines.at(-1)).toMatch(/3 tried, 1 survived, 2 missed, 0 lost/);
});

test('a group that cannot make its next row has lost one', async () => {
  const broken: Group = {
    ...groupOf([]),
    *rows() {
      yield survivor;
      throw new Error('no stand');
    },
  };
  expect((await run([broken]))[0]).toMatchObject({ tried: 2, survived: 1, lost: [{ reason: 'no stand' }] });
});

test('a group that cannot run here is skipped, and says why', async () => {
  const lines: string[] = [];
  const [result] = await run([groupOf([survivor], 'it needs root')], (line) => lines.push(line));
  expect(result).toMatchObject({ tried: 0, skipped: 'it needs root' });
  expect(lines).toEqual(['SKIPPED  group: it needs root']);
});

test('rows that have nothing in common are tried at once, each of them once', async () => {
  let [running, most] = [0, 0];
  const tried: string[] = [];
  const rowOf = (name: string): Row => ({
    name,
    async run() {
      tried.push(name);
      most = Math.max(most, (running += 1));
      await setImmediate();
      running -= 1;
    },
  });
  const rows = [survivor, ...['a', 'b', 'c', 'd', 'e'].map(rowOf)];
  const [result] = await run([{ ...groupOf(rows), isIndependent: true }]);
  expect(result).toMatchObject({ tried: 6, survived: 6, lost: [] });
  expect(tried).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(most).toBe(Math.min(5, availableParallelism()));
  most = 0;
  await run([groupOf(rows)]);
  expect(most).toBe(1);
});

test('a seed repeats what is drawn, and names draw apart', () => {
  const draw = (seed: number, name: string) => {
    const random = createRandom(seed, name);
    return [random.next(), random.below(1000), random.fork('child').next()];
  };
  expect(draw(7, 'a')).toEqual(draw(7, 'a'));
  expect(draw(7, 'a')).not.toEqual(draw(8, 'a'));
  expect(draw(7, 'a')).not.toEqual(draw(7, 'b'));
});

test('a campaign that is stopped ends after the row that is tried, and takes down what is set up', async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const group: Group = {
    ...groupOf([]),
    *rows() {
      try {
        const run = () => {
          stop.abort();
          return Promise.resolve();
        };
        yield { name: 'stopped in', run };
        yield survivor;
      } finally {
        ended.push('group');
      }
    },
  };
  const options = { isShort: true, seed: 1, print: silent, stop: stop.signal };
  const results = await runCampaign({ ...options, groups: [group, groupOf([survivor])] });
  expect(results.map(({ tried }) => tried)).toEqual([1]);
  expect(ended).toEqual(['group']);
});
