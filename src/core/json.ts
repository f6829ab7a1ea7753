/** Far more than documents need, far less than takes up the smallest stack: what walks a value calls itself at each level. */
export const NESTING_LIMIT = 500;

/** A document has more than {@link NESTING_LIMIT} levels of arrays and objects. */
export class NestsTooDeeply extends Error {
  override readonly name = 'NestsTooDeeply';

  constructor() {
    super(`It nests too deeply. Allowed: at most ${NESTING_LIMIT} levels`);
  }
}

/**
 * Parses JSON that others have written. A byte order mark, which editors put there, is skipped.
 *
 * @throws SyntaxError for what is no JSON, NestsTooDeeply
 */
export function parseJson(text: string): unknown {
  requireShallow(text);
  return JSON.parse(withoutByteOrderMark(text));
}

export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Of the text, not of the value, so that nothing has to call itself to find out. */
function requireShallow(text: string): void {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isInString = !isInString;
    else if (isInString) at += character === '\\' ? 1 : 0;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > NESTING_LIMIT) throw new NestsTooDeeply();
  }
}
