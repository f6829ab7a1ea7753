import { clientNetwork } from '../http/client-network.js';

/** Slows clients down that keep failing to sign in: a bucket of allowed failures per address, refilled over a minute. */
export interface Throttle {
  /** Whole seconds until the address may try again; 0 when it may now. */
  retryAfterSeconds(address: string | undefined): number;
  recordFailure(address: string | undefined): void;
}

interface Bucket {
  /** Failures that have not been worked off yet. */
  level: number;
  /** Milliseconds on `now`'s clock. */
  updatedAt: number;
}

const ADDRESS_LIMIT = 10_000;
const MINUTE_MS = 60_000;

/**
 * @param failuresPerMinute 0 turns the throttle off
 * @param now a monotonic clock in milliseconds
 */
export function createThrottle(
  failuresPerMinute: number,
  now: () => number = () => performance.now(),
): Throttle {
  const buckets = new Map<string, Bucket>();
  const msPerFailure = MINUTE_MS / failuresPerMinute;

  const levelOf = (bucket: Bucket) => Math.max(0, bucket.level - (now() - bucket.updatedAt) / msPerFailure);

  return {
    retryAfterSeconds(address) {
      const bucket = address === undefined ? undefined : buckets.get(clientNetwork(address));
      if (!bucket) return 0;
      const excess = levelOf(bucket) - (failuresPerMinute - 1);
      return excess <= 0 ? 0 : Math.ceil((excess * msPerFailure) / 1000);
    },
    recordFailure(address) {
      if (address === undefined || failuresPerMinute === 0) return;
      const network = clientNetwork(address);
      const bucket = buckets.get(network);
      buckets.delete(network);
      buckets.set(network, { level: (bucket ? levelOf(bucket) : 0) + 1, updatedAt: now() });
      if (buckets.size > ADDRESS_LIMIT) forgetOldest(buckets);
    },
  };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  const oldest = buckets.keys().next();
  if (oldest.done !== true) buckets.delete(oldest.value);
}
