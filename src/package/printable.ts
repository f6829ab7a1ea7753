const LENGTH_LIMIT = 100;

/** Untrusted text for a log line: printable ASCII, at most 100 characters, everything else as `?`. */
export function printable(text: string): string {
  const ascii = text.slice(0, LENGTH_LIMIT + 1).replace(/[^ -~]/g, '?');
  return ascii.length > LENGTH_LIMIT ? `${ascii.slice(0, LENGTH_LIMIT - 3)}...` : ascii;
}
