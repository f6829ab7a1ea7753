import assert from 'node:assert/strict';
import { sleep } from '../../../src/core/clock.js';
import { TOKEN } from '../../support/appliance.js';
import { poll } from '../../support/poll.js';
import { spreadOf } from '../../bench/statistics.js';
import { ask, OPERATOR } from './client.js';

const PATIENCE_MS = 5_000;
const PAUSE_MS = 250;
const AT_ONCE_MS = 1_000;
const SOME = 5;

/** How long an answer may take: five seconds, and more only on a machine that is slow by itself. */
export async function patienceMs(port: number): Promise<number> {
  return Math.max(PATIENCE_MS, 20 * (await usualMs(port)));
}

/** How long an answer may take to be one at once: a second, and more only on a machine that is slow by itself. */
export async function atOnceMs(port: number): Promise<number> {
  return Math.max(AT_ONCE_MS, 20 * (await usualMs(port)));
}

/** What a sign-in takes that nothing disturbs, in the median. */
async function usualMs(port: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < SOME; n += 1) times.push(await signIn(port));
  return spreadOf(times).median;
}

/**
 * An operator who comes from elsewhere signs in at his first attempt.
 *
 * @throws AssertionError when he is refused or waits longer than `limitMs`, and what his connection failed with
 */
export async function signInAtOnce(port: number, limitMs: number): Promise<void> {
  const { status, ms } = await ask({ port, from: OPERATOR, path: `/api/v1/admin/version?token=${TOKEN}` });
  assert.equal(status, 200, 'the operator elsewhere signs in');
  assert(
    ms < limitMs,
    `the operator elsewhere waited ${Math.round(ms)} of ${Math.round(limitMs)} ms for an answer`,
  );
}

/**
 * An operator who comes from elsewhere signs in, on a connection of his own; on a machine that is too slow for the limits
 * of the stand it may take several.
 *
 * @returns how long it took in all
 */
export async function signIn(port: number): Promise<number> {
  const began = performance.now();
  const question = { port, from: OPERATOR, path: `/api/v1/admin/version?token=${TOKEN}` };
  const answer = await poll(
    'the operator elsewhere is answered',
    () => ask(question).catch(() => undefined),
    60_000,
  );
  assert.equal(answer.status, 200, 'the operator elsewhere signs in');
  return performance.now() - began;
}

/**
 * Has the operator sign in again and again while others act.
 *
 * @returns what `act` does
 * @throws AssertionError as soon as one answer was no success, or took longer than `limitMs`
 */
export async function whileOperatorWorks<T>(
  port: number,
  limitMs: number,
  act: () => Promise<T>,
): Promise<T> {
  let isOver = false;
  const work = async () => {
    do {
      const ms = await signIn(port);
      assert(ms < limitMs, `the operator elsewhere waited ${Math.round(ms)} ms for an answer`);
      await sleep(PAUSE_MS);
    } while (!isOver);
  };
  const acting = act().finally(() => (isOver = true));
  const [result] = await Promise.all([acting, work()]);
  return result;
}
