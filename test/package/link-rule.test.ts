import { mayLeadOut } from '../../src/package/link-rule.js';

test.each([
  ['link', 'app'],
  ['link', './app/../app', true],
  ['link', '.'],
  ['link', '..', true],
  ['link', '/data'],
  ['link', '/data/app'],
  ['link', '/data/../etc', true],
  ['link', '/database', true],
  ['link', '/', true],
  ['link', '/etc/passwd', true],
  ['a/b/link', '../..'],
  ['a/b/link', '../../c'],
  ['a/b/link', '../../..', true],
  ['a/b/link', './../.././..', true],
  // Through a link to the top, which alone is harmless.
  ['link', 'a/b/up/..', true],
])('of %s -> %s', (path, target, expected = false) => {
  expect(mayLeadOut(path, target, '/data')).toBe(expected);
});
