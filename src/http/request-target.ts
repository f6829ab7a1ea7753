/** Splits a request target (RFC 9112, origin-form or absolute-form) into its raw path and raw query. */
export function splitTarget(target: string): { readonly rawPath: string; readonly rawQuery: string } {
  const origin = target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const mark = origin.indexOf('?');
  if (mark < 0) return { rawPath: origin, rawQuery: '' };
  return { rawPath: origin.slice(0, mark), rawQuery: origin.slice(mark + 1) };
}

/** Query parameters. A `+` is a plus sign, not a space: tokens hold the one and never the other. */
export function parseQuery(rawQuery: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (name !== '') parameters.set(decodePercent(name), decodePercent(value.join('=')));
  }
  return parameters;
}

/** Percent-decodes UTF-8; what is no valid escape stays as it is. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
