import fc from 'fast-check';
import type { Random } from '../random.js';
import {
  BOUNDARY,
  filePart,
  formOf,
  hasty,
  head,
  post,
  sending,
  signed,
  textPart,
  type RequestCase,
} from './corpus/request.js';

const PATHS = [
  '/version',
  '/setup',
  '/update',
  '/settings',
  '/storage',
  '/certs',
  '/license',
  '/backup',
  '/backup/restore',
];
/** Kinds whose length is right, whatever it is the length of. */
const WHOLE = ['a form', 'a form in chunks', 'a settings file', 'a query'];
const POST_PATHS = PATHS.slice(1);
const NAMES = [
  'update',
  'settings',
  'public',
  'private',
  'ca',
  'license',
  'action',
  'archive',
  'newtoken',
  '__proto__',
  '',
];

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'));
const token = fc.constantFrom(
  '\r\n',
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '%',
  '--',
  '=',
  '&',
  '/',
  '..',
  '\xff',
);
const odd = fc
  .array(fc.oneof(bytes, token, fc.string({ maxLength: 8 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** A text of which something is cut out, doubled, turned or overwritten. */
const mutated = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(Math.max(0, text.length - 1)), fc.nat(40), fc.nat(3), odd), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) =>
      changes.reduce((changed, [at, length, kind, extra]) => change(changed, at, length, kind, extra), text),
    );

function change(text: string, at: number, length: number, kind: number, extra: string): string {
  const [before, middle, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
  if (kind === 0) return before + after;
  if (kind === 1) return before + middle + middle + after;
  if (kind === 2) return before + extra + after;
  return before + middle + extra + after;
}

const part = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), odd).map(([name, value]) => textPart(name, value)),
  fc.tuple(fc.constantFrom(...NAMES), odd).map(([name, value]) => filePart(name, value).toString('latin1')),
  fc
    .tuple(odd, odd)
    .map(([name, value]) => filePart(name, Buffer.from(value, 'latin1'), name).toString('latin1')),
  odd,
);
const form = fc.array(part, { maxLength: 6 }).map((parts) => formOf(...parts).toString('latin1'));
const mutatedForm = form.chain((text) => fc.oneof(fc.constant(text), mutated(text)));
const type = fc.oneof(
  { weight: 6, arbitrary: fc.constant(`multipart/form-data; boundary=${BOUNDARY}`) },
  { weight: 1, arbitrary: fc.constant('application/x-www-form-urlencoded') },
  {
    weight: 1,
    arbitrary: odd.map((text) => `multipart/form-data; boundary=${text.replace(/[\r\n\0]/g, '')}`),
  },
);
const document = fc.oneof(
  fc.json(),
  fc
    .record({ network: fc.dictionary(fc.string(), fc.jsonValue()), app: fc.jsonValue() })
    .map((value) => JSON.stringify(value)),
  fc.record({ storage: fc.dictionary(fc.string(), fc.string()) }).map((value) => JSON.stringify(value)),
);

const KINDS: Readonly<Record<string, fc.Arbitrary<readonly string[]>>> = {
  'a form': fc
    .tuple(fc.constantFrom(...POST_PATHS), type, mutatedForm)
    .map(([path, kind, body]) => [post(path, kind, body).toString('latin1')]),
  'a form in chunks': fc
    .tuple(
      fc.constantFrom(...POST_PATHS),
      mutatedForm,
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 }),
    )
    .map(([path, body, sizes]) =>
      inPieces(post(path, `multipart/form-data; boundary=${BOUNDARY}`, body).toString('latin1'), sizes),
    ),
  'a settings file': fc
    .tuple(
      fc.constantFrom('/settings', '/storage', '/license'),
      document.chain((text) => fc.oneof(fc.constant(text), mutated(text))),
    )
    .map(([path, text]) => [
      post(
        path,
        `multipart/form-data; boundary=${BOUNDARY}`,
        formOf(filePart(path === '/license' ? 'license' : 'settings', text)),
      ).toString('latin1'),
    ]),
  'a query': fc
    .tuple(fc.constantFrom(...PATHS), odd)
    .map(([path, query]) => [head(`GET ${signed('GET', path, query.replace(/[\r\n ]/g, ''))}`)]),
  'a header': fc
    .tuple(fc.constantFrom(...PATHS), odd, odd)
    .map(([path, name, value]) => [head(`GET ${signed('GET', path)}`, `${name}: ${value}`)]),
  'a head': fc
    .constantFrom(...PATHS)
    .chain((path) =>
      mutated(head(`POST ${signed('POST', path)}`, 'Content-Length: 4')).map((text) => [text, 'body']),
    ),
  bytes: odd.map((text) => [text]),
  chunks: fc
    .tuple(fc.constantFrom(...POST_PATHS), mutated('5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nTrailer: a\r\n\r\n'))
    .map(([path, body]) => [
      head(
        `POST ${signed('POST', path)}`,
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
        'Transfer-Encoding: chunked',
      ),
      body,
    ]),
  'a pipeline': fc
    .array(
      fc.tuple(
        fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
        fc.constantFrom(...PATHS),
        fc.integer({ min: -1, max: 9 }),
      ),
      { maxLength: 6 },
    )
    .map((requests) =>
      requests.map(
        ([method, path, length]) =>
          head(`${method} ${signed(method, path)}`, `Content-Length: ${length}`) +
          'body'.slice(0, Math.max(0, length)),
      ),
    ),
};

/** @param count of cases, of every kind in turn */
export function* generatedRequests(random: Random, count: number): Generator<RequestCase> {
  const kinds = Object.entries(KINDS);
  const perKind = Math.ceil(count / kinds.length);
  for (const [kind, arbitrary] of kinds) {
    const samples = fc.sample(arbitrary, { numRuns: perKind, seed: random.below(2 ** 31) });
    for (const [index, chunks] of samples.entries()) {
      const one = sending(`generated: ${kind} ${index}`, ...chunks);
      yield WHOLE.includes(kind) ? one : hasty(one);
    }
  }
}

function inPieces(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return [...pieces, text.slice(at)];
}
