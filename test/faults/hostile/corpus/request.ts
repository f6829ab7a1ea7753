import { V1_PREFIX } from '../../../../src/config/v1-prefix.js';
import type { RawRequest } from '../raw-http.js';
import { signature } from '../stand.js';

/** Bytes that a client sends, with what is odd about them as the name. */
export interface RequestCase extends RawRequest {
  readonly name: string;
}

export const BOUNDARY = 'hostile0boundary';

/** A case of one chunk. Text is sent as Latin-1: each character is one byte. */
export function sending(name: string, ...chunks: readonly (string | Buffer)[]): RequestCase {
  return {
    name,
    chunks: chunks.map((chunk) => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, 'latin1'))),
  };
}

/** A target that is signed for its method and path. */
export function signed(method: string, path: string, query = ''): string {
  const full = V1_PREFIX + path;
  return `${full}?${signature(method, full)}${query === '' ? '' : `&${query}`}`;
}

/** A request head; lines are `Name: value`. */
export function head(line: string, ...lines: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'Host: appliance', ...lines, '', ''].join('\r\n');
}

/** A signed request with a body whose length is stated. */
export function post(path: string, type: string, body: string | Buffer, ...lines: readonly string[]): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1');
  const start = head(
    `POST ${signed('POST', path)}`,
    `Content-Type: ${type}`,
    `Content-Length: ${bytes.length}`,
    ...lines,
  );
  return Buffer.concat([Buffer.from(start, 'latin1'), bytes]);
}

/** A signed multipart form of parts that are given whole, heads and all. */
export function postParts(path: string, ...parts: readonly (string | Buffer)[]): Buffer {
  return post(path, `multipart/form-data; boundary=${BOUNDARY}`, formOf(...parts));
}

export function formOf(...parts: readonly (string | Buffer)[]): Buffer {
  const delimited = parts.flatMap((part) => [
    Buffer.from(`--${BOUNDARY}\r\n`),
    Buffer.isBuffer(part) ? part : Buffer.from(part, 'latin1'),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...delimited, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

export function filePart(name: string, content: string | Buffer, filename = 'file'): Buffer {
  const start = `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(start, 'latin1'),
    Buffer.isBuffer(content) ? content : Buffer.from(content),
  ]);
}

export function textPart(name: string, value: string): string {
  return `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
}

/** A case that may be no whole request: no answer is waited for long. */
export function hasty(one: RequestCase): RequestCase {
  return { patienceMs: 700, ...one };
}
