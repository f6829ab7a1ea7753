import { createPatience } from '../../src/jobs/patience.js';

/** One attempt after the other, on a clock of its own. */
function patienceOf() {
  let now = 0;
  const told: string[] = [];
  const patience = createPatience(
    (reason) => told.push(reason),
    () => now,
  );
  return {
    told,
    /** @param attempt what it comes to @returns whether one was made */
    async tryAfter(ms: number, attempt: () => string | undefined) {
      now += ms;
      let isMade = false;
      await patience(() => {
        isMade = true;
        return new Promise((resolve) => resolve(attempt()));
      });
      return isMade;
    },
  };
}

const fail = () => {
  throw new Error('a fault');
};

test('what keeps it from being done is told once, and tried again after a time that doubles up to a minute', async () => {
  const { told, tryAfter } = patienceOf();
  expect(await tryAfter(0, () => 'a fault')).toBe(true);
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
    expect(await tryAfter(seconds * 1000 - 1, fail)).toBe(false);
    expect(await tryAfter(1, seconds === 2 ? () => '' : fail)).toBe(true);
  }
  expect(told).toEqual(['a fault']);
});

test('once it is done the next attempt is made at once, and a fault is told anew', async () => {
  const { told, tryAfter } = patienceOf();
  await tryAfter(0, fail);
  expect(await tryAfter(1000, () => undefined)).toBe(true);
  expect(await tryAfter(0, fail)).toBe(true);
  expect(await tryAfter(999, fail)).toBe(false);
  expect(await tryAfter(1, fail)).toBe(true);
  expect(told).toEqual(['a fault', 'a fault']);
});

test('nothing is told of what may well be so', async () => {
  const { told, tryAfter } = patienceOf();
  await tryAfter(0, () => '');
  expect(await tryAfter(999, () => '')).toBe(false);
  expect(await tryAfter(1, () => '')).toBe(true);
  expect(told).toEqual([]);
});
