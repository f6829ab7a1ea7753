import assert from 'node:assert/strict';
import { readdir, truncate } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { sleep } from '../../../src/core/clock.js';
import { poll } from '../../support/poll.js';
import { spreadOf } from '../../bench/statistics.js';
import { ended, openPlain, openTls } from '../net/client.js';
import { footprintOf } from '../net/footprint.js';
import { patienceMs, whileOperatorWorks } from '../net/operator.js';
import { slowClients, type Held, type SlowClient } from '../net/slow-clients.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row } from '../row.js';
import { openStand, type Stand } from '../stand/stand.js';

const OPENED_AT_ONCE = 40;
const DOWNLOAD_BYTES = 64 * 1024 * 1024;
/** What the runtime keeps of memory that it needed once. */
const SPARE_BYTES = 256 * 1024 * 1024;
/** How many times an operator's patience, which is what the machine makes it, the end of all may take beside the limits. */
const PATIENCES = 4;
const FULL_LIMIT_MS = 20_000;
const SHORT_LIMIT_MS = 3_000;
/** So many handshakes must fit into the limit: one and a half times those that are begun at once. */
const HANDSHAKES_IN_LIMIT = 1.5 * OPENED_AT_ONCE;

export const slowClientsGroup: Group = {
  name: 'slow-clients',
  about:
    'clients by the thousand that keep their connections and do next to nothing: an operator elsewhere is answered at ' +
    'once, they are cut off by the configured limits, and nothing is left of them',
  async *rows({ isShort, random }: Extent): AsyncIterable<Row> {
    const leastMs = Math.ceil(HANDSHAKES_IN_LIMIT * (await measureHandshakeMs()));
    const limitMs = Math.max(isShort ? SHORT_LIMIT_MS : FULL_LIMIT_MS, leastMs);
    const stand = await openStand({
      settings: {
        ...{ logLevel: 'info', connectionLimit: 5_000, authFailuresPerMinute: 10 },
        ...{ headersTimeoutMs: limitMs, idleTimeoutMs: limitMs, keepAliveTimeoutMs: limitMs },
      },
      async prepare({ paths, write }) {
        await write(paths.version, '1.0.0\n');
        await write(paths.backupArchive, '');
        await truncate(paths.backupArchive, DOWNLOAD_BYTES);
      },
    });
    const row = (name: string, kinds: readonly SlowClient[], count: number): Row => ({
      name: `${count} clients: ${name}`,
      run: () => hold(stand, kinds, count, limitMs, random.fork(name)),
      limitMs: 10 * 60_000,
    });
    try {
      if (isShort) yield row('of every kind', slowClients, 5 * slowClients.length);
      else {
        for (const kind of slowClients) yield row(kind.name, [kind], Math.min(2_000, kind.atMost ?? 2_000));
        yield row('of every kind', slowClients, 3_000);
      }
    } finally {
      await stand.close();
    }
    yield* connectionLimit(isShort);
  },
};

async function measureHandshakeMs(): Promise<number> {
  const stand = await openStand();
  try {
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const began = performance.now();
      const { below } = await openTls(stand.daemon.port);
      times.push(performance.now() - began);
      below.destroy();
    }
    return spreadOf(times).median;
  } finally {
    await stand.close();
  }
}

/** Opens `count` connections, the kinds in turn, and waits until the daemon has cut all of them off. */
async function hold(
  stand: Stand,
  kinds: readonly SlowClient[],
  count: number,
  limitMs: number,
  random: Random,
): Promise<void> {
  const { port, process } = stand.daemon;
  const patience = await patienceMs(port);
  const before = footprintOf(process.pid ?? 0);
  const held: Held[] = [];
  await whileOperatorWorks(port, patience, async () => {
    let next = 0;
    const openInTurn = async () => {
      while (next < count) {
        const kind = kinds[next++ % kinds.length]!;
        // One that a busy machine lets wait too long is cut off in its handshake, as it should.
        await kind.open(port, random).then(
          (one) => held.push(one),
          () => undefined,
        );
      }
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openInTurn));
    const began = performance.now();
    await Promise.all(held.map((one) => drainWhenOver(one, limitMs)));
    const ms = performance.now() - began;
    assert(
      ms < 2 * limitMs + PATIENCES * patience,
      `the last one was cut off after ${Math.round(ms)} ms only`,
    );
  });
  assert(held.length > 0.9 * count, `only ${held.length} of ${count} were let in`);
  await poll(
    'descriptors and memory are given back',
    () => {
      const { descriptors, residentBytes } = footprintOf(process.pid ?? 0);
      const isBack =
        descriptors <= before.descriptors + 8 && residentBytes < before.residentBytes + SPARE_BYTES;
      return Promise.resolve(isBack);
    },
    60_000,
  );
  await poll(
    'nothing is left of their uploads',
    async () => (await readdir(stand.appliance.paths.incoming)).length === 0,
  );
  assert(stand.isServing());
}

async function drainWhenOver({ below, readOn }: Held, limitMs: number): Promise<void> {
  if (readOn) {
    await sleep(2 * limitMs);
    readOn();
  }
  await ended(below);
}

/** Whoever opens more connections than are allowed loses his own. */
async function* connectionLimit(isShort: boolean): AsyncIterable<Row> {
  const stand = await openStand({
    settings: { logLevel: 'info' },
    prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
  });
  const { port } = stand.daemon;
  const count = isShort ? 600 : 3_000;
  try {
    for (const [what, from] of [
      ['one address', () => undefined],
      ['a hundred addresses', (n: number) => `127.0.1.${n % 100}`],
    ] as const) {
      yield {
        name: `${count} connections from ${what}, where 512 are allowed`,
        run: async () => {
          const patience = await patienceMs(port);
          const sockets: Socket[] = [];
          try {
            await whileOperatorWorks(port, patience, async () => {
              for (let n = 0; n < count; n += 1) sockets.push((await openPlain(port, from(n))).resume());
              await poll('those over the limit are closed', () =>
                Promise.resolve(sockets.filter(({ closed }) => !closed).length <= 512),
              );
            });
          } finally {
            for (const socket of sockets) socket.destroy();
          }
        },
      };
    }
  } finally {
    await stand.close();
  }
}
