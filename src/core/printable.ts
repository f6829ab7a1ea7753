/** Foreign text for a message, a header or a log line: printable ASCII, everything else as `?`, cut at `limit`. */
export function printable(text: string, limit: number): string {
  return text.slice(0, limit).replace(/[^ -~]/g, '?');
}
