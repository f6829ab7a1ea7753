import { createPatience } from '../../src/jobs/patience.js';
import { poll } from '../support/poll.js';

/** Makes attempts until one is made that ends as `attempt` does. @returns after how many milliseconds */
async function tryUntilMade(patience: ReturnType<typeof createPatience>, attempt: () => string | undefined) {
  const start = performance.now();
  let isMade = false;
  await poll('it is tried', async () => {
    await patience(() => {
      isMade = true;
      return new Promise((resolve) => resolve(attempt()));
    });
    return isMade;
  });
  return performance.now() - start;
}

const fail = () => {
  throw new Error('a fault');
};

test('what keeps it from being done is told once, and tried again after a time that doubles', async () => {
  const told: string[] = [];
  const patience = createPatience((reason) => told.push(reason));
  await tryUntilMade(patience, () => 'a fault');
  expect(await tryUntilMade(patience, fail)).toBeGreaterThan(900);
  expect(await tryUntilMade(patience, () => '')).toBeGreaterThan(1_900);
  expect(told).toEqual(['a fault']);
});

test('once it is done the next attempt is made at once, and a fault is told anew', async () => {
  const told: string[] = [];
  const patience = createPatience((reason) => told.push(reason));
  await tryUntilMade(patience, fail);
  await tryUntilMade(patience, () => undefined);
  expect(await tryUntilMade(patience, fail)).toBeLessThan(1_900);
  expect(told).toEqual(['a fault', 'a fault']);
});

test('nothing is told of what may well be so', async () => {
  const told: string[] = [];
  const patience = createPatience((reason) => told.push(reason));
  await tryUntilMade(patience, () => '');
  expect(await tryUntilMade(patience, () => '')).toBeGreaterThan(900);
  expect(told).toEqual([]);
});
