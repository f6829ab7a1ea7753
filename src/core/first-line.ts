/** The first line of a text, without its end: what counts of a file that holds a token. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/\r$/, '') ?? '';
}
