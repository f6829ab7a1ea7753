import assert from 'node:assert/strict';
import { connect } from 'node:tls';

/** An answer as it came over the connection. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawRequest {
  /** Sent one after the other, each in TLS records of its own. */
  readonly chunks: readonly Buffer[];
  /** After how long without an answer the client ends its side. Default: long enough for a job. */
  readonly patienceMs?: number | undefined;
  /** Whether the client keeps its side open after the last byte, and waits to be cut off. Default: no. */
  readonly staysOpen?: boolean | undefined;
  /** Whether the client is gone, without a word, as soon as the last byte has left. */
  readonly vanishes?: boolean | undefined;
}

const CLOSE_LIMIT_MS = 60_000;
/** How long after an answer one to a further request is waited for. */
const ANOTHER_ANSWER_MS = 30;

/**
 * Sends bytes over TLS and reads until the daemon closes the connection. Node drops a request whose client has ended its
 * side, so it is ended only when there was an answer, or when none is to be expected.
 *
 * @throws Error where it is neither answered to the end nor closed in time
 */
export async function exchangeRaw(port: number, request: RawRequest): Promise<Buffer> {
  const { chunks, staysOpen, vanishes, patienceMs = 30_000 } = request;
  const pieces: Buffer[] = [];
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  return new Promise<Buffer>((resolve, reject) => {
    const limit = setTimeout(() => {
      socket.destroy();
      const answer = pieces[0]?.toString('latin1').slice(0, 300) ?? '';
      reject(new Error(`the connection was not closed within ${CLOSE_LIMIT_MS / 1000} s: ${answer}`));
    }, CLOSE_LIMIT_MS);
    let silence: NodeJS.Timeout | undefined;
    const waitFor = (milliseconds: number) => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.end(), milliseconds);
    };
    socket.on('data', (bytes: Buffer) => {
      pieces.push(bytes);
      // It may be much that comes.
      if (staysOpen !== true) waitFor(isWhole(Buffer.concat(pieces)) ? ANOTHER_ANSWER_MS : patienceMs);
    });
    // A connection that is cut off while bytes are still on their way is closed, too.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(limit);
      clearTimeout(silence);
      resolve(Buffer.concat(pieces));
    });
    socket.once('secureConnect', () => {
      for (const chunk of chunks) socket.write(chunk);
      if (vanishes === true) socket.write('', () => socket.destroy());
      else if (staysOpen !== true) waitFor(patienceMs);
    });
  });
}

function isWhole(received: Buffer): boolean {
  try {
    return parseAnswers(received).length > 0;
  } catch {
    return false;
  }
}

/** The answers in what was received; the daemon announces the length of each. @throws AssertionError */
export function parseAnswers(bytes: Buffer): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    assert(end >= 0, `an answer is cut off in its head: ${show(rest)}`);
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    rest = rest.slice(end + 4);
    const [, code, reason = ''] = /^HTTP\/1\.1 (\d{3}) ([ -~]*)$/.exec(first) ?? [];
    assert(code !== undefined, `not a status line: ${show(first)}`);
    const headers = new Map(lines.map(parseHeader));
    const length = Number(headers.get('content-length') ?? 0);
    const isChunked = headers.get('transfer-encoding') === 'chunked';
    // Of an answer to HEAD there is nothing, and the next one may follow.
    const isBare = rest === '' || rest.startsWith('HTTP/1.1 ');
    const [body, after] = isChunked
      ? readChunks(rest)
      : isBare
        ? ['', rest]
        : [rest.slice(0, length), rest.slice(length)];
    assert(isChunked || isBare || body.length === length, `an answer is cut off: ${show(body)}`);
    rest = after;
    if (code !== '100') answers.push({ status: Number(code), reason, headers, body });
  }
  return answers;
}

function parseHeader(line: string): [string, string] {
  const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? [];
  assert(name !== undefined, `not a header: ${show(line)}`);
  return [name.toLowerCase(), value];
}

/** @returns the body, and what follows it */
function readChunks(text: string): [string, string] {
  let body = '';
  let rest = text;
  for (;;) {
    const [head = '', size] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
    if (size === undefined) return [body, ''];
    const length = parseInt(size, 16);
    body += rest.slice(head.length, head.length + length);
    rest = rest.slice(head.length + length + 2);
    if (length === 0) return [body, rest];
  }
}

export function show(text: string): string {
  return JSON.stringify(text.length > 1500 ? `${text.slice(0, 1500)}… (${text.length})` : text);
}
