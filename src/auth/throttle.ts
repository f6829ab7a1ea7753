import { isIPv6 } from 'node:net';

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
      const bucket = address === undefined ? undefined : buckets.get(networkOf(address));
      if (!bucket) return 0;
      const excess = levelOf(bucket) - (failuresPerMinute - 1);
      return excess <= 0 ? 0 : Math.ceil((excess * msPerFailure) / 1000);
    },
    recordFailure(address) {
      if (address === undefined || failuresPerMinute === 0) return;
      const network = networkOf(address);
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

/** One customer holds a whole IPv6 /64, so its addresses count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = address.includes('::')
    ? Array.from({ length: 8 - left.length - right.length }, () => '0')
    : [];
  const groups = [...left, ...zeros, ...right].map((group) => parseInt(group, 16).toString(16));
  return groups.slice(0, 4).join(':');
}
