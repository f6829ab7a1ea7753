import { plot } from './plot.js';
import { spreadOf, threeDigits } from './statistics.js';
import { markdownTable } from '../support/markdown-table.js';

test.each([
  { values: [3], median: 3, min: 3, max: 3 },
  { values: [10, 1, 9], median: 9, min: 1, max: 10 },
  { values: [4, 1, 2, 100], median: 3, min: 1, max: 100 },
])('the spread of $values', ({ values, ...spread }) => {
  expect(spreadOf(values)).toEqual(spread);
});

test('there is no spread of nothing', () => {
  expect(() => spreadOf([])).toThrow('no spread of nothing');
});

test.each([
  [1234.5, '1,230'],
  [0.98765, '0.988'],
  [12, '12'],
])('%d is shown as %s', (value, shown) => {
  expect(threeDigits(value)).toBe(shown);
});

test('a cell of a table may hold the mark that ends cells', () => {
  expect(markdownTable(['a', 'b'], [['tar | gzip', '1']])).toBe(
    '| a | b |\n| --- | --- |\n| tar \\| gzip | 1 |',
  );
});

test('a plot places the least value at the left bottom and the greatest at the right top', () => {
  const svg = plot({
    title: 'growth',
    x: 'x',
    y: 'y',
    lines: {
      line: [
        [1, 10],
        [1000, 100_000],
      ],
    },
  });
  expect(svg).toContain('points="80,340 490,40"');
});
