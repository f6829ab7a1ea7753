import { messageOf } from '../../src/core/errors.js';
import { runWithin } from './campaign.js';
import type { Extent, Row } from './row.js';

/** Rows that mostly wait: more of them at once would make the machine the fault. */
const AT_ONCE = 6;

type Sequence = AsyncIterator<Row>;

interface Step {
  readonly of: Sequence;
  /** Undefined at its end. */
  readonly row?: Row;
}

/** Tries sequences of rows at the same time, in each one row after the other, and hands rows on when they have run. */
export async function* sideBySide(
  sequences: readonly AsyncIterable<Row>[],
  { rows }: Pick<Extent, 'rows'>,
): AsyncGenerator<Row> {
  const waiting = sequences.map((sequence) => sequence[Symbol.asyncIterator]());
  const running = new Map<Sequence, Promise<Step>>();
  const advance = (sequence: Sequence) => void running.set(sequence, takeStep(sequence, rows));
  try {
    for (;;) {
      waiting.splice(0, AT_ONCE - running.size).forEach(advance);
      if (running.size === 0) return;
      const { of, row } = await Promise.race(running.values());
      if (row === undefined) {
        running.delete(of);
        continue;
      }
      advance(of);
      yield row;
    }
  } finally {
    await Promise.all(running.values());
    for (const sequence of running.keys()) await sequence.return?.();
  }
}

async function takeStep(of: Sequence, rows: RegExp | undefined): Promise<Step> {
  try {
    let next = await of.next();
    while (next.done !== true && rows?.test(next.value.name) === false) next = await of.next();
    if (next.done === true) return { of };
    const outcome = runWithin(next.value);
    await outcome.catch(() => undefined);
    return { of, row: { ...next.value, run: () => outcome } };
  } catch (error) {
    // It has ended with this; the others go on.
    const lost = new Error(messageOf(error), { cause: error });
    return { of, row: { name: 'the rest of a sequence', run: () => Promise.reject<undefined>(lost) } };
  }
}
