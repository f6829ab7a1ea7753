import { isValidCredential } from '../../src/auth/credential.js';
import { likeUpTo, longToken, timeCheck, type Check } from './net/credential-timing.js';
import { differsBy } from './net/statistics.js';
import { createRandom } from './random.js';

const LENGTH = 4_096;
/** For a comparison by the word, which a fast machine does at tens of characters in a nanosecond. */
const GREAT_LENGTH = 65_536;

const measure = (check: Check, token: string) =>
  timeCheck(check, {
    ...{ field: 'token', token, signed: 'GET/', count: 1_000, random: createRandom(1) },
    pair: {
      name: 'wrong at once, or at its end',
      a: (random) => likeUpTo(token, 0, random),
      b: (random) => likeUpTo(token, token.length - 1, random),
    },
  });

const stopEarly: Check = (query, token) => {
  const tried = query.get('token') ?? '';
  if (tried.length !== token.length) return false;
  for (let n = 0; n < token.length; n += 1) if (tried.charCodeAt(n) !== token.charCodeAt(n)) return false;
  return true;
};

test.each<[string, Check, number, boolean]>([
  ['a comparison that stops at the first difference', stopEarly, LENGTH, true],
  ['a comparison by ===', (query, token) => query.get('token') === token, GREAT_LENGTH, true],
  ['the comparison of digests', isValidCredential, LENGTH, false],
])('that %s takes longer the more is right: told %#', (_what, check, length, isTold) => {
  expect(differsBy(15, measure(check, longToken(length)))).toBe(isTold);
});
