import { messageOf } from '../core/errors.js';

/**
 * Makes an attempt, unless the last one that came to nothing was made too short a time ago.
 *
 * @param attempt tells what keeps the thing from being done; an empty text where that may well be so, undefined once it is
 *   done. That it throws counts as what it throws
 */
export type TryPatiently = (attempt: () => Promise<string | undefined>) => Promise<void>;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * For what is looked at again and again: each attempt that comes to nothing doubles the time to the next one.
 *
 * @param tell is told once what keeps it from being done, not at every attempt
 * @param now a monotonic clock in milliseconds
 */
export function createPatience(
  tell: (reason: string) => void,
  now: () => number = () => performance.now(),
): TryPatiently {
  let told = '';
  let pauseMs = 0;
  let notBefore = 0;
  return async (attempt) => {
    if (now() < notBefore) return;
    const reason = await attempt().catch(messageOf);
    pauseMs = reason === undefined ? 0 : Math.min(LONGEST_PAUSE_MS, 2 * pauseMs || FIRST_PAUSE_MS);
    notBefore = now() + pauseMs;
    if (reason === '') return;
    if (reason !== undefined && reason !== told) tell(reason);
    told = reason ?? '';
  };
}
