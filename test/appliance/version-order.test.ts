import { execFileSync } from 'node:child_process';
import { compareVersions } from '../../src/appliance/version-order.js';
import { testWith } from '../support/tools.js';

test.each([
  ['1.9.0', '1.10.0'],
  ['1.0.0', '1.0.1'],
  ['1.0.0~rc1', '1.0.0'],
  ['1.0.0', '1.0.0-1'],
  ['v1.2.3', 'v1.12.3'],
  ['1.0', '1.0.0'],
  ['0.99', '1'],
  ['.2', '1'],
  ['.1', '.2'],
  ['..', '.~'],
])('%s comes before %s', (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
  expect(compareVersions(older, older)).toBe(0);
});

testWith('sort').each([
  ['that begin with a number', true],
  // Beginning with a dot means a hidden file to sort, and its releases differ about those.
  ['that begin with anything but a dot', false],
])('orders versions %s as sort -V does', (_which, withNumber) => {
  const pieces = ['1', '10', '9', '0', '01', '.', '-', '~', 'rc', 'v', 'A', '_', '+'];
  let seed = 42;
  const random = (limit: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * limit);
  };
  const versions = Array.from({ length: 3000 }, () => {
    const rest = Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join('');
    return withNumber ? `${random(20)}${rest}` : rest;
  });
  const sorted = execFileSync('sort', ['-V'], {
    input: versions.join('\n'),
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  expect([...versions].sort(compareVersions)).toEqual(sorted.trim().split('\n'));
});
