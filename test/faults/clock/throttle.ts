import assert from 'node:assert/strict';
import { TOKEN } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { beforeOneIsFree } from '../net/before-free.js';
import { ask } from '../net/client.js';
import type { Verdict } from '../row.js';
import { openStand } from '../stand/stand.js';
import { createClock } from './clock.js';

const HOUR_S = 3_600;
/** One in 20 seconds. */
const FAILURES_PER_MINUTE = 3;

/** Whoever guesses tokens is slowed down by time that passes, and by no clock. */
export async function throttleKeepsItsTime(product?: string): Promise<Verdict> {
  const clock = createClock();
  try {
    const settings = { authFailuresPerMinute: FAILURES_PER_MINUTE };
    const stand = await openStand({ settings, prefix: clock.prefix, product });
    let from = '';
    const sign = async (token: string) => {
      const path = `/api/v1/admin/version?token=${token}`;
      return (await ask({ port: stand.daemon.port, from, path })).status;
    };
    try {
      const isProven = await beforeOneIsFree(FAILURES_PER_MINUTE, async (attempt) => {
        from = `127.3.0.${attempt + 1}`;
        clock.set(0);
        for (let guess = 0; guess < FAILURES_PER_MINUTE; guess += 1) {
          assert.equal(await sign('wrong'), 403, 'a wrong token is refused');
        }
        for (const ahead of [HOUR_S, -HOUR_S]) {
          clock.set(ahead);
          assert.equal(await sign(TOKEN), 429, `a clock put to ${ahead} s does not let guesses through`);
        }
      });
      await poll('the address may sign in again', async () => (await sign(TOKEN)) !== 429, 60_000);
      return isProven ? undefined : 'missed';
    } finally {
      await stand.close();
    }
  } finally {
    clock.remove();
  }
}
