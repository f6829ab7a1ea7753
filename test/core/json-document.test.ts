import { parseJsonDocument } from '../../src/core/json-document.js';
import { NESTING_LIMIT } from '../../src/core/json.js';

const parse = (text: string) => parseJsonDocument(Buffer.from(text), 'settings file');

test.each([
  ['{"app":{"limits":[1e999]}}', 'app.limits.0'],
  ['{"a":[[1,2],[3]],"b":{"c":{}},"d":[0,{"e":-1e999}]}', 'd.1.e'],
  ['[[],[1e999]]', '1.0'],
])('a number in %s that is too large is named by its place: %s', (text, place) => {
  expect(() => parse(text)).toThrow(`Invalid settings file. Number too large: ${place}. Allowed: at most`);
});

test('as many numbers as a file can hold, as deep as it may nest, are parsed', () => {
  const depth = NESTING_LIMIT - 2;
  const text = `${'['.repeat(depth)}0${',0'.repeat(500_000)}${']'.repeat(depth)}`;
  expect(JSON.stringify(parse(text)) === text).toBe(true);
});
