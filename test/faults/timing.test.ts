import { isValidCredential } from '../../src/auth/credential.js';
import { likeUpTo, longToken, timeCheck, type Check } from './net/credential-timing.js';
import { differsBy } from './net/statistics.js';
import { createRandom } from './random.js';

const TOKEN = longToken(4_096);

const measure = (check: Check) =>
  timeCheck(check, {
    ...{ field: 'token', token: TOKEN, signed: 'GET/', count: 1_000, random: createRandom(1) },
    pair: {
      name: 'wrong at once, or at its end',
      a: (random) => likeUpTo(TOKEN, 0, random),
      b: (random) => likeUpTo(TOKEN, TOKEN.length - 1, random),
    },
  });

const stopEarly: Check = (query, token) => {
  const tried = query.get('token') ?? '';
  if (tried.length !== token.length) return false;
  for (let n = 0; n < token.length; n += 1) if (tried.charCodeAt(n) !== token.charCodeAt(n)) return false;
  return true;
};

test.each<[string, Check, boolean]>([
  ['a comparison that stops at the first difference', stopEarly, true],
  ['a comparison by ===', (query, token) => query.get('token') === token, true],
  ['the comparison of digests', isValidCredential, false],
])('that %s takes longer the more is right: told %#', (_what, check, isTold) => {
  expect(differsBy(15, measure(check))).toBe(isTold);
});
