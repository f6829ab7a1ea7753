import { markup, type Markup } from './reference-markup.js';

const ONE_LINE_CHARACTERS = 76;
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

/** Colours a JSON body and indents a long one. Nothing but white space is added: the tokens stay as they are sent. */
export function showJson(body: string): Markup {
  if (!isJson(body)) return markup`${body}`;
  const tokens = body.match(TOKENS) ?? [];
  const indented = body.length > ONE_LINE_CHARACTERS;
  let depth = 0;
  return markup`${tokens.map((token, index) => {
    const next = tokens[index + 1] ?? '';
    if (isOneOf(token, '{[')) depth += 1;
    if (isOneOf(next, '}]')) depth -= 1;
    const space = indented ? spaceBetween(token, next, depth) : '';
    return markup`${coloured(token, next)}${space}`;
  })}`;
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function isOneOf(token: string, characters: string): boolean {
  return token.length === 1 && characters.includes(token);
}

function spaceBetween(token: string, next: string, depth: number): string {
  if (token === ':') return ' ';
  const isEmptyPair = isOneOf(token, '{[') && isOneOf(next, '}]');
  if (isEmptyPair || !(isOneOf(token, '{[,') || isOneOf(next, '}]'))) return '';
  return `\n${'  '.repeat(depth)}`;
}

function coloured(token: string, next: string): Markup {
  if (token.startsWith('"')) return markup`<span class="${next === ':' ? 'key' : 'string'}">${token}</span>`;
  if (isOneOf(token, '{}[]:,')) return markup`${token}`;
  return markup`<span class="literal">${token}</span>`;
}
