import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { signRequest } from '../../../src/auth/credential.js';
import { TOKEN } from '../../support/appliance.js';
import { freePort } from '../../support/free-port.js';
import { beforeOneIsFree } from '../net/before-free.js';
import { ask, type Answer, type Question } from '../net/client.js';
import { clockEnvironment, clockFile, jumpClock } from '../net/clock.js';
import { atOnceMs, signInAtOnce } from '../net/operator.js';
import { leakedSecrets } from '../oracle/secrets.js';
import type { Random } from '../random.js';
import type { Group, Row, Verdict } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';

/** Few, so that one that becomes free again is rare on the slowest machine, too. */
const PER_MINUTE = 3;
const VERSION = '/api/v1/admin/version';
const AT_ONCE = 20;

type Guess = (word: string) => Omit<Question, 'port'>;

/** Ways to try a token. */
const GUESSES: readonly (readonly [way: string, guess: Guess])[] = [
  ['tokens', (word) => ({ path: `${VERSION}?token=${word}` })],
  ['hashes', (word) => ({ path: `${VERSION}?hash=${signRequest(word, `GET${VERSION}`)}` })],
  ['set-ups', (word) => ({ method: 'POST', path: `/api/v1/admin/setup?token=${word}&newtoken=stolen` })],
  ['hashes of HEAD', (word) => ({ method: 'HEAD', path: `${VERSION}?hash=${word}` })],
  ['methods that do not exist', (word) => ({ method: 'DELETE', path: `${VERSION}?token=${word}` })],
];

interface ThrottleStand extends Stand {
  readonly proxyPort: number;
  readonly clock: string;
}

export const throttle: Group = {
  name: 'throttle',
  about:
    'guessing the token is slowed to the configured rate, whatever is guessed with; an operator elsewhere signs in at once',
  async *rows({ isShort, random }): AsyncIterable<Row> {
    const windowMs = isShort ? 1_500 : 65_000;
    const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
      list?.some(({ address }) => address === '::1'),
    );
    const stand = await openThrottleStand('127.0.0.1');
    let attackers = 0;
    // Each row is of an address of its own, which has all of its guesses.
    const row = (name: string, act: (from: string) => Promise<void> | Promise<Verdict>): Row => ({
      name,
      limitMs: windowMs + 120_000,
      async run() {
        const verdict = await act(`127.2.0.${(attackers += 1)}`);
        assert.deepEqual(await leakedSecrets(stand), []);
        return verdict ?? undefined;
      },
    });
    try {
      const limitMs = await atOnceMs(stand.daemon.port);
      for (const [way, guess] of GUESSES) {
        const own = random.fork(way);
        if (isShort && way !== 'hashes') continue;
        yield row(`${way} are guessed`, (from) =>
          attack(stand, from, windowMs, limitMs, () => guess(word(own))),
        );
      }
      const any = () => GUESSES[random.below(GUESSES.length)]![1](word(random));
      yield row('all ways count together', (from) => attack(stand, from, windowMs, limitMs, any));
      yield row('behind the proxy each client counts for itself, a /64 of IPv6 as one', () =>
        behindProxy(stand),
      );
      yield row('many addresses guess: each has its own few', () =>
        manyAddresses(stand, isShort ? 40 : 1_000, limitMs),
      );
      yield row('the clock of the machine jumps to and fro', (from) => clockJumps(stand, from, limitMs));
    } finally {
      await close(stand);
    }
    if (hasIpv6) yield { name: 'an address of IPv6 is throttled, too', run: ofIpv6 };
  },
};

/** Guesses as fast as it can; what is not refused unseen is counted. */
async function attack(
  { daemon: { port } }: ThrottleStand,
  from: string,
  windowMs: number,
  limitMs: number,
  guess: () => Omit<Question, 'port'>,
): Promise<void> {
  const statuses = new Map<number, number>();
  const began = performance.now();
  const isOver = () => performance.now() - began > windowMs && statuses.has(429);
  const guessOn = async () => {
    while (!isOver()) {
      const { status, headers } = await ask({ port, from, ...guess() });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
    }
  };
  const operate = async () => {
    while (!isOver()) await signInAtOnce(port, limitMs);
  };
  await Promise.all([operate(), ...Array.from({ length: AT_ONCE }, guessOn)]);
  const minutes = (performance.now() - began) / 60_000;
  const allowed = Math.ceil(PER_MINUTE * (1 + minutes));
  const heard = statuses.get(403) ?? 0;
  assert.deepEqual([...statuses.keys()].sort(), [403, 429], 'a guess is refused, or refused unseen');
  assert(heard <= allowed, `${heard} guesses were looked at, ${allowed} are allowed`);
  assert(heard >= PER_MINUTE, `only ${heard} guesses were looked at, ${PER_MINUTE} are allowed at once`);
  const right = await ask({ port, from, path: `${VERSION}?token=${TOKEN}` });
  // One guess may have become free in the meantime.
  if (right.status !== 200) assert.equal(right.status, 429);
}

async function behindProxy({ proxyPort }: ThrottleStand): Promise<Verdict> {
  const statusOf = async (client: string | undefined, token: string) => {
    const headers = client === undefined ? {} : { 'X-Forwarded-For': client };
    const { status } = await ask({
      port: proxyPort,
      isPlain: true,
      headers,
      path: `${VERSION}?token=${token}`,
    });
    return status;
  };
  const isProven = await beforeOneIsFree(PER_MINUTE, async (attempt) => {
    const [guesser, other] = [`192.0.2.${2 * attempt + 1}`, `192.0.2.${2 * attempt + 2}`];
    const [network, otherNetwork] = [`2001:db8:${attempt}:1`, `2001:db8:${attempt}:2`];
    for (let n = 0; n < PER_MINUTE; n += 1) {
      // What a client says of itself comes first; the proxy's word is the last.
      assert.equal(await statusOf(`198.51.100.${n}, ${guesser}`, 'wrong'), 403);
      assert.equal(await statusOf(`${network}::${n + 1}`, 'wrong'), 403);
    }
    assert.equal(await statusOf(`${other}, ${guesser}`, 'wrong'), 429);
    assert.equal(await statusOf(`::ffff:${guesser}`, 'wrong'), 429);
    assert.equal(await statusOf(`${network}:ffff::`, TOKEN), 429);
    assert.equal(await statusOf(`${otherNetwork}::1`, TOKEN), 200);
    assert.equal(await statusOf(`${guesser}, ${other}`, TOKEN), 200);
    for (const nobody of [undefined, '', 'unknown', `${guesser}:80`, `${guesser}, _hidden`]) {
      assert.equal(await statusOf(nobody, TOKEN), 200, `the proxy names ${nobody ?? 'nobody'}`);
    }
  });
  return isProven ? undefined : 'missed';
}

async function manyAddresses(
  { daemon: { port } }: ThrottleStand,
  count: number,
  limitMs: number,
): Promise<void> {
  const addresses = Array.from({ length: count }, (_, n) => `127.1.${n >> 8}.${n & 255 || 255}`);
  const refused: Answer[] = [];
  for (let n = 0; n < count; n += AT_ONCE) {
    const some = addresses.slice(n, n + AT_ONCE);
    refused.push(
      ...(await Promise.all(some.map((from) => ask({ port, from, path: `${VERSION}?token=wrong` })))),
    );
    await signInAtOnce(port, limitMs);
  }
  assert.deepEqual([...new Set(refused.map(({ status }) => status))], [403]);
}

async function clockJumps(
  { daemon: { port, process }, clock }: ThrottleStand,
  from: string,
  limitMs: number,
): Promise<void> {
  const statusOf = async (token: string) =>
    (await ask({ port, from, path: `${VERSION}?token=${token}` })).status;
  const began = performance.now();
  for (let n = 0; n < PER_MINUTE; n += 1) await statusOf('wrong');
  for (const jumpMs of [3_600_000, -86_400_000, 30 * 365 * 86_400_000]) {
    await jumpClock(process, clock, jumpMs);
    const free = Math.ceil(((performance.now() - began) / 60_000) * PER_MINUTE);
    const statuses: number[] = [];
    for (let n = 0; n < free + 1; n += 1) statuses.push(await statusOf('wrong'));
    const allowed = Math.ceil(((performance.now() - began) / 60_000) * PER_MINUTE);
    assert(
      statuses.filter((status) => status === 403).length <= allowed,
      'a jump of the clock frees no guesses',
    );
    await signInAtOnce(port, limitMs);
  }
}

async function ofIpv6(): Promise<void> {
  const stand = await openThrottleStand('::1');
  try {
    const statuses: number[] = [];
    for (let n = 0; n < 2 * PER_MINUTE; n += 1) {
      const question = { port: stand.daemon.port, host: '::1', path: `${VERSION}?token=wrong` };
      statuses.push((await ask(question)).status);
    }
    assert(statuses.includes(429), 'the address is throttled');
    assert(statuses.slice(0, PER_MINUTE).every((status) => status === 403));
  } finally {
    await close(stand);
  }
}

async function close(stand: ThrottleStand): Promise<void> {
  await stand.close();
  await rm(clockFile(stand.clock), { force: true });
}

async function openThrottleStand(host: string): Promise<ThrottleStand> {
  const proxyPort = await freePort();
  const clock = String(proxyPort);
  const stand = await openStand({
    settings: { host, logLevel: 'info', authFailuresPerMinute: PER_MINUTE, setupPauseMs: 0 },
    prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    prefix: ['env', `JIDO_API_PORT=${proxyPort}`, ...clockEnvironment(clock)],
  });
  return { ...stand, daemon: stand.daemon, proxyPort, clock };
}

/** Like a token that someone could have: a word with a number, or the beginning of the right one. */
function word(random: Random): string {
  return random.below(3) === 0 ? TOKEN.slice(0, random.below(TOKEN.length)) : `guess${random.below(1e6)}`;
}
