import { AdminError, messageOf } from './errors.js';
import { parseExactJson } from './exact-json.js';
import { NestsTooDeeply } from './json.js';
import { printable } from './printable.js';

const decoder = new TextDecoder('utf-8', { fatal: true });
const PLACE_SHOWN = 64;

/**
 * Parses a JSON document from a client, integers as `parseExactJson` does. Of duplicate keys the last counts; a byte order
 * mark is skipped.
 *
 * @param what as refusals name it: `settings file`
 * @throws AdminError `badRequest` that says where it is broken and shows nothing of its content, which may be secret
 */
export function parseJsonDocument(bytes: Buffer, what: string): unknown {
  try {
    const value = parseExactJson(decoder.decode(bytes));
    requireBounded(value);
    return value;
  } catch (error) {
    throw new AdminError('badRequest', `Invalid ${what}. ${describe(error, bytes)}`);
  }
}

/** A number that would be written as null. */
class NumberTooLarge extends Error {
  constructor(place: string) {
    super(`Number too large: ${printable(place, PLACE_SHOWN)}. Allowed: at most ${Number.MAX_VALUE}`);
  }
}

/**
 * @param place of the value, the same array for all: a copy for each would cost its depth
 * @throws NumberTooLarge that names the place: `app.limits.0`
 */
function requireBounded(value: unknown, place: (string | number)[] = []): void {
  if (value === Infinity || value === -Infinity) throw new NumberTooLarge(place.join('.'));
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    place.push(name);
    requireBounded(part, place);
    place.pop();
  }
}

/** Only what V8 says of the grammar: it quotes the document itself around some faults. */
const FAULT =
  /^(Expected [^"]+?|Bad [^"]+?|Unterminated [^"]+?|Unexpected non-whitespace character)(?: in| after) JSON at position (\d+)/;

function describe(error: unknown, bytes: Buffer): string {
  const message = messageOf(error);
  if (error instanceof NestsTooDeeply || error instanceof NumberTooLarge) return message;
  if (!(error instanceof SyntaxError)) return 'It is not UTF-8 text';
  if (message.startsWith('Unexpected end')) return 'It is not valid JSON: it ends too early';
  const [, fault = '', position] = FAULT.exec(message) ?? [];
  if (position === undefined) return 'It is not valid JSON: it holds an unexpected character';
  const before = decoder.decode(bytes).slice(0, Number(position)).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return `It is not valid JSON: ${fault.charAt(0).toLowerCase()}${fault.slice(1)} at ${place}`;
}
