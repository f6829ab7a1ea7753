import { printable as printableOf } from '../core/printable.js';

const LENGTH_LIMIT = 100;

/** Untrusted text for a log line: at most 100 characters, with `...` where it was cut. */
export function printable(text: string): string {
  const ascii = printableOf(text, LENGTH_LIMIT + 1);
  return ascii.length > LENGTH_LIMIT ? `${ascii.slice(0, LENGTH_LIMIT - 3)}...` : ascii;
}
