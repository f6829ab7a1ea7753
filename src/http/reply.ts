/** What a handler answers; the pipeline turns it into headers and bytes. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly body: string; readonly location?: string }
  | { readonly kind: 'text'; readonly contentType: 'text/plain' | 'text/html'; readonly body: string }
  | { readonly kind: 'file'; readonly contentType: 'text/plain'; readonly path: string }
  | { readonly kind: 'redirect'; readonly location: string };

/** @param value anything that JSON can hold; sent compact, keys in the order given */
export function json(value: unknown): Reply {
  return { kind: 'json', status: 200, body: JSON.stringify(value) };
}

/** @param body JSON that is sent as it is */
export function verbatimJson(body: string): Reply {
  return { kind: 'json', status: 200, body };
}

export function ok(): Reply {
  return json({ Status: '200 OK' });
}

/** @param location path at which the job's status can be read */
export function accepted(location: string): Reply {
  const body = JSON.stringify({ Status: '202 Accepted', Location: location });
  return { kind: 'json', status: 202, body, location };
}

/** Sends a text file of any size as it is; the answer is 404 when it is missing. */
export function textFile(path: string): Reply {
  return { kind: 'file', contentType: 'text/plain', path };
}

/** @param body may carry its own `<style>`: the content security policy is made to fit it */
export function html(body: string): Reply {
  return { kind: 'text', contentType: 'text/html', body };
}

export function redirect(location: string): Reply {
  return { kind: 'redirect', location };
}
