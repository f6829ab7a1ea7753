import { readFile } from 'node:fs/promises';

const BOUNDARY = 'admind-faults';

export interface FormBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A multipart form of files and texts. */
export async function makeForm(
  files: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): Promise<FormBody> {
  const parts: Buffer[] = [];
  const add = (name: string, filename: string, content: Buffer) =>
    parts.push(
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n`),
      content,
      Buffer.from('\r\n'),
    );
  for (const [name, text] of Object.entries(fields)) add(name, '', Buffer.from(text));
  for (const [name, file] of Object.entries(files)) add(name, '; filename="f"', await readFile(file));
  const body = Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
  return {
    body,
    headers: {
      'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
      'Content-Length': String(body.length),
    },
  };
}

/** The head of a request as it is sent. */
export function headOf(method: string, path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: 'a', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
