import { parseExactJson, stringifyExactJson } from '../../src/core/exact-json.js';

test.each([
  '12345678901234567890',
  '-9007199254740993',
  '{"a":[1234567890123456,"1234567890123456",1.5,null],"b":{"c":-12345678901234567890}}',
  `[${'9'.repeat(2000)}]`,
])('keeps %s digit by digit', (text) => {
  expect(stringifyExactJson(parseExactJson(text))).toBe(text);
});

test('what stands for a long integer passes for nothing else, and costs no conversion', () => {
  const value = parseExactJson('12345678901234567890');
  expect(['string', 'number', 'object', 'undefined', 'bigint']).not.toContain(typeof value);
});
