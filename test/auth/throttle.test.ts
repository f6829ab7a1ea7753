import { createThrottle } from '../../src/auth/throttle.js';

function throttleAt(failuresPerMinute: number) {
  let now = 0;
  const throttle = createThrottle(failuresPerMinute, () => now);
  return { ...throttle, pass: (seconds: number) => (now += seconds * 1000) };
}

test('allows a minute’s failures at once, then one each time its share of the minute has passed', () => {
  const { recordFailure, retryAfterSeconds, pass } = throttleAt(10);
  for (let n = 0; n < 10; n += 1) {
    expect(retryAfterSeconds('192.0.2.1')).toBe(0);
    recordFailure('192.0.2.1');
  }
  expect(retryAfterSeconds('192.0.2.1')).toBe(6);
  pass(5);
  expect(retryAfterSeconds('192.0.2.1')).toBe(1);
  pass(1);
  expect(retryAfterSeconds('192.0.2.1')).toBe(0);
  recordFailure('192.0.2.1');
  expect(retryAfterSeconds('192.0.2.1')).toBe(6);
});

test.each([
  ['192.0.2.1', '192.0.2.2', 0],
  ['2001:db8::1', '2001:db8::ffff:1', 60],
  ['2001:db8::1', '2001:db8:0:0:1:2:3:4', 60],
  ['2001:db8::1', '2001:db8:0:1::1', 0],
  ['fe80::1%eth0', 'fe80::2', 60],
])('a failure of %s makes %s wait %d s', (failing, other, seconds) => {
  const { recordFailure, retryAfterSeconds } = throttleAt(1);
  recordFailure(failing);
  expect(retryAfterSeconds(other)).toBe(seconds);
});

test('never throttles an unknown address, nor anyone when it is off', () => {
  const on = throttleAt(1);
  on.recordFailure(undefined);
  expect(on.retryAfterSeconds(undefined)).toBe(0);
  const off = throttleAt(0);
  for (let n = 0; n < 100; n += 1) off.recordFailure('192.0.2.1');
  expect(off.retryAfterSeconds('192.0.2.1')).toBe(0);
});

test('forgets the oldest of very many addresses', () => {
  const { recordFailure, retryAfterSeconds } = throttleAt(1);
  for (let n = 0; n <= 10_000; n += 1) recordFailure(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  expect(retryAfterSeconds('10.0.0.0')).toBe(0);
  expect(retryAfterSeconds('10.0.0.1')).toBe(60);
});
