import { V1_PREFIX } from '../../../../src/config/v1-prefix.js';
import { signature } from '../stand.js';
import { head, post, sending, type RequestCase } from './request.js';

const path = `${V1_PREFIX}/version`;
const right = signature('GET', path);
const wrong = `hash=${'0'.repeat(64)}`;

const QUERIES: readonly string[] = [
  '',
  '&',
  '&&&&',
  '=',
  '==',
  '=&=&=',
  'hash',
  'hash=',
  'hash=&token=',
  'token',
  'token=%',
  'token=%0',
  'token=%00',
  'token=%zz',
  'token=%ff%fe%fd',
  'token=%f0%9f%92%a9',
  'token=%ed%a0%80',
  'token=\x80\xff',
  'token[]=a',
  'token[a]=b',
  'hash[]=a&hash[]=b',
  '__proto__=a',
  '__proto__[hash]=a',
  'constructor.prototype.hash=a',
  'HASH=a&Token=b',
  '%68ash=a',
  'hash%00=a',
  `hash=${'a'.repeat(12_000)}`,
  `token=${'%41'.repeat(4_000)}`,
  'a=b&'.repeat(3_000),
  '&'.repeat(12_000),
  '%25'.repeat(4_000),
  `${wrong}&${right}`,
  `${right}&${wrong}`,
  `${right}&hash=`,
  `hash=&${right}`,
  `${right}&token=x`,
  right.toUpperCase(),
  `${right}%00`,
  `${right}%20`,
  `${right}+`,
  `${right}#`,
  `${right}?`,
  `${right}&x=<script>alert(1)</script>`,
  `${right}&x=%0d%0aSet-Cookie:%20a=b`,
  `${right};x=y`,
];

/** Credentials and other parameters in odd encodings, repeated, or far too many of them. */
export function queries(): readonly RequestCase[] {
  return [
    ...QUERIES.map((query, index) =>
      sending(`query ${index}: ${query.slice(0, 40)}`, head(`GET ${path}?${query}`)),
    ),
    ...setup(),
  ];
}

/** The one form that a stranger may send, with the field that is also taken from the query. */
function setup(): RequestCase[] {
  const form = 'application/x-www-form-urlencoded';
  const bodies = [
    '',
    'newtoken',
    'newtoken=',
    'newtoken=a%20b',
    'newtoken=%00',
    'newtoken=%',
    'newtoken=%ff',
    `newtoken=${'a'.repeat(256)}`,
    `newtoken=${'a'.repeat(5_000)}`,
    `newtoken=${'a'.repeat(20_000)}`,
    'newtoken=a&newtoken=b',
    'newtoken[]=a',
    '__proto__=a',
    '&'.repeat(10_000),
    'x=y&'.repeat(4_000),
  ];
  const types = [
    '',
    'text/plain',
    'application/json',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/mixed; boundary=a',
    `${form}; charset=utf-7`,
    '\x80',
    ';;;;',
    'a/b/c',
  ];
  return [
    ...bodies.map((body, index) =>
      sending(`setup form ${index}: ${body.slice(0, 30)}`, post('/setup', form, body)),
    ),
    ...types.map((type) => sending(`setup as ${type}`, post('/setup', type, '{"newtoken":"a b"}'))),
    sending(
      'setup with the token in the query, refused',
      head(`POST ${V1_PREFIX}/setup?newtoken=a%20b&${signature('POST', `${V1_PREFIX}/setup`)}`),
    ),
    sending('setup by a stranger', head(`POST ${V1_PREFIX}/setup?newtoken=stranger`)),
  ];
}
