import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { isValidCredential, signRequest } from '../../../src/auth/credential.js';
import { TOKEN } from '../../support/appliance.js';
import { openTls } from '../net/client.js';
import { likeUpTo, longToken, timeCheck, type Field, type TimedPair } from '../net/credential-timing.js';
import { differsBy, pairedDifference, type Difference } from '../net/statistics.js';
import type { Random } from '../random.js';
import type { Group, Row } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';

/** What is below comes from where things lie in memory, by either sign, and nobody sees it over a network. */
const CHECK_LIMIT_NS = 15;
const REQUEST_LIMIT_US = 20;
const SIGNED = 'GET/api/v1/admin/version';
const PATH = SIGNED.slice('GET'.length);

export const timing: Group = {
  name: 'timing',
  about: 'the time that an answer takes does not tell how much of a token or a hash was right',
  async *rows({ isShort, random }): AsyncIterable<Row> {
    for (const [field, token] of [
      ['token', TOKEN],
      ['token', longToken(4_096)],
      ['hash', TOKEN],
    ] as const) {
      const secret = field === 'token' ? token : signRequest(token, SIGNED);
      for (const pair of pairsOf(secret)) {
        yield {
          name: `the check of a ${field} of ${secret.length} characters: ${pair.name}`,
          run: () => checkTellsNothing(field, token, pair, isShort ? 1_500 : 40_000, random),
          limitMs: 600_000,
        };
      }
    }
    const count = isShort ? 100 : 3_000;
    const stand = await openStand({
      settings: { logLevel: 'info' },
      prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    });
    try {
      for (const field of ['token', 'hash'] as const) {
        const secret = field === 'token' ? TOKEN : signRequest(TOKEN, SIGNED);
        for (const pair of pairsOf(secret).slice(0, -1)) {
          yield {
            name: `requests with a ${field}: ${pair.name}`,
            run: () => requestsTellNothing(stand, field, pair, count, 403, random),
            limitMs: 600_000,
          };
        }
      }
    } finally {
      await stand.close();
    }
    const throttled = await openStand({ settings: { logLevel: 'info', authFailuresPerMinute: 1 } });
    try {
      const pair = pairsOf(TOKEN).at(-1)!;
      yield {
        name: `requests of a throttled client: ${pair.name}`,
        run: () => requestsTellNothing(throttled, 'token', pair, count, 429, random),
        limitMs: 600_000,
      };
    } finally {
      await throttled.close();
    }
  },
};

/** The last one has what is wholly right. */
function pairsOf(secret: string): readonly TimedPair[] {
  const wrong = (random: Random) => likeUpTo(secret, 0, random);
  const half = Math.floor(secret.length / 2);
  return [
    { name: 'wrong at once, or beyond the half', a: wrong, b: (random) => likeUpTo(secret, half, random) },
    {
      name: 'wrong at once, or at its end',
      a: wrong,
      b: (random) => likeUpTo(secret, secret.length - 1, random),
    },
    { name: 'wrong, or right', a: wrong, b: () => secret },
  ];
}

function checkTellsNothing(
  field: Field,
  token: string,
  pair: TimedPair,
  count: number,
  random: Random,
): Promise<void> {
  const difference = timeCheck(isValidCredential, { field, token, signed: SIGNED, pair, count, random });
  assert(!differsBy(CHECK_LIMIT_NS, difference), `it tells: ${describe(difference, 'ns')}`);
  return Promise.resolve();
}

/** One after the other on one connection. */
async function requestsTellNothing(
  { daemon: { port } }: Stand,
  field: Field,
  pair: TimedPair,
  count: number,
  status: number,
  random: Random,
): Promise<void> {
  const { socket } = await openTls(port);
  try {
    const sample = async (text: string) => {
      const began = performance.now();
      const answer = await exchange(socket, `GET ${PATH}?${field}=${text} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal(Number(answer.slice('HTTP/1.1 '.length, 12)), status);
      return (performance.now() - began) * 1000;
    };
    if (status === 429) await exchange(socket, `GET ${PATH}?token=wrong HTTP/1.1\r\nHost: a\r\n\r\n`);
    const differences: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const [a, b] = [pair.a(random), pair.b(random)];
      const isFirst = random.below(2) === 0;
      const first = await sample(isFirst ? a : b);
      const second = await sample(isFirst ? b : a);
      differences.push(isFirst ? first - second : second - first);
    }
    const difference = pairedDifference(differences);
    assert(!differsBy(REQUEST_LIMIT_US, difference), `it tells: ${describe(difference, 'µs')}`);
  } finally {
    socket.destroy();
  }
}

/** Both kinds of answer are short: their end is that of the JSON. */
async function exchange(socket: TLSSocket, request: string): Promise<string> {
  socket.write(request);
  let text = '';
  while (!text.endsWith('}')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

function describe({ median, atLeast, atMost }: Difference, unit: string): string {
  return `${median.toFixed(1)} ${unit} in the median, from ${atLeast.toFixed(1)} to ${atMost.toFixed(1)}`;
}
