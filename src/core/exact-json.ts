import { randomUUID } from 'node:crypto';
import { parseJson, withoutByteOrderMark } from './json.js';

/** Stands before an integer that is a string for a moment. Nobody can know it, so that no other string begins with it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');
const TOKEN = /\\.|"|-?\d[\d.eE+-]*/gs;
/** Every one of fewer digits is a safe integer. */
const LONG_INTEGER = /^-?\d{16,}$/;

/**
 * Like {@link parseJson}, but an integer of 16 digits or more is a symbol that its digits describe: as a number it could become
 * another one, as a bigint it would take the square of its length in time, and as a text or an object it would pass for one.
 *
 * @throws as {@link parseJson}
 */
export function parseExactJson(text: string): unknown {
  // As it was sent: what is marked would tell of other positions.
  const value = parseJson(text);
  if (!/\d{16}/.test(text)) return value;
  return JSON.parse(markLongIntegers(withoutByteOrderMark(text)), (_name, part: unknown) =>
    typeof part === 'string' && part.startsWith(MARK) ? Symbol(part.slice(MARK.length)) : part,
  );
}

/** Like `JSON.stringify`, for what {@link parseExactJson} has parsed. */
export function stringifyExactJson(value: unknown): string {
  const text = JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'symbol' ? `${MARK}${part.description}` : part,
  );
  return text.replace(MARKED, '$1');
}

function markLongIntegers(text: string): string {
  let isInString = false;
  return text.replace(TOKEN, (token) => {
    if (token === '"') isInString = !isInString;
    return !isInString && LONG_INTEGER.test(token) ? `"${MARK}${token}"` : token;
  });
}
