import {
  BOUNDARY,
  filePart,
  formOf,
  head,
  post,
  postParts,
  sending,
  signed,
  type RequestCase,
} from './request.js';

const version = `GET ${signed('GET', '/version')}`;
const update = `POST ${signed('POST', '/update')}`;
const multipart = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;
const form = formOf(filePart('other', 'x'));
const smuggled = head(`POST ${signed('POST', '/setup')}`, 'Content-Length: 0');

/** Bodies whose length is stated in odd ways, and several requests on one connection. */
export function framing(): readonly RequestCase[] {
  return [...lengths(), ...chunked(), ...pipelines(), ...cutOff()];
}

function lengths(): RequestCase[] {
  const values = [
    '-1',
    '+1',
    '1.5',
    '0x10',
    '1e3',
    '99999999999999999999',
    '9007199254740993',
    '',
    'a',
    '1, 1',
    '1, 2',
  ];
  return [
    ...values.map((value) =>
      sending(`Content-Length: ${value}`, head(update, multipart, `Content-Length: ${value}`), form),
    ),
    sending('two equal lengths', head(update, multipart, 'Content-Length: 5', 'Content-Length: 5'), 'hello'),
    sending('two lengths', head(update, multipart, 'Content-Length: 5', 'Content-Length: 50'), 'hello'),
    sending('a length that is too small', head(update, multipart, 'Content-Length: 3'), form),
    sending('a length that is too great', head(update, multipart, 'Content-Length: 100000'), form),
    sending('a length over the limit', head(update, multipart, 'Content-Length: 8388609'), form),
    sending(
      'a length of everything',
      head(update, multipart, `Content-Length: ${Number.MAX_SAFE_INTEGER}`),
      form,
    ),
    sending('a body on GET', head(version, 'Content-Length: 5'), 'hello'),
    sending('a body on HEAD', head(`HEAD ${signed('HEAD', '/version')}`, 'Content-Length: 5'), 'hello'),
    sending(
      'length and chunks',
      head(update, multipart, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      '0\r\n\r\n',
      smuggled,
    ),
    sending(
      'chunks and length',
      head(update, multipart, 'Transfer-Encoding: chunked', 'Content-Length: 5'),
      '0\r\n\r\n',
      smuggled,
    ),
  ];
}

function chunked(): RequestCase[] {
  const codings = [
    'chunked, chunked',
    'identity',
    'chunked, identity',
    'gzip, chunked',
    'xchunked',
    ' chunked',
    'chunked;a=b',
    '"chunked"',
    'CHUNKED',
    'chun\x0bked',
  ];
  const bodies: Readonly<Record<string, string>> = {
    'no size': '\r\n\r\n',
    'a size that is no number': 'xyz\r\nhello\r\n0\r\n\r\n',
    'a negative size': '-1\r\nhello\r\n0\r\n\r\n',
    'a huge size': 'ffffffffffffffff\r\nhello\r\n0\r\n\r\n',
    'a size beyond all': `${'f'.repeat(40)}\r\nhello\r\n`,
    'a size with a prefix': '0x5\r\nhello\r\n0\r\n\r\n',
    'a size with blanks': ' 5 \r\nhello\r\n0\r\n\r\n',
    'a chunk that is too long': '5\r\nhello and more\r\n0\r\n\r\n',
    'a chunk without line end': '5\r\nhello0\r\n\r\n',
    'bare line feeds': '5\nhello\n0\n\n',
    'an extension': '5;a="b\\"c"\r\nhello\r\n0\r\n\r\n',
    'a huge extension': `5;${'a'.repeat(40_000)}\r\nhello\r\n0\r\n\r\n`,
    'a trailer': '5\r\nhello\r\n0\r\nContent-Length: 7\r\nHost: other\r\n\r\n',
    'a huge trailer': `0\r\nA: ${'a'.repeat(40_000)}\r\n\r\n`,
    'ten thousand chunks of a byte': `${'1\r\nx\r\n'.repeat(10_000)}0\r\n\r\n`,
    'no end': '5\r\nhello\r\n',
  };
  return [
    ...codings.map((coding) =>
      sending(
        `Transfer-Encoding: ${coding}`,
        head(update, multipart, `Transfer-Encoding: ${coding}`),
        '0\r\n\r\n',
        smuggled,
      ),
    ),
    ...Object.entries(bodies).map(([name, body]) =>
      sending(`chunks: ${name}`, head(update, multipart, 'Transfer-Encoding: chunked'), body),
    ),
    sending(
      'a coding with a bare line feed',
      `${update} HTTP/1.1\r\nHost: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ),
    sending(
      'a coding in HTTP/1.0',
      `${update} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      smuggled,
    ),
  ];
}

function pipelines(): RequestCase[] {
  const get = head(version);
  const bad = 'GET / HTTP/1.1\r\nbad header\r\n\r\n';
  return [
    sending('two at once', get, get),
    sending('a hundred at once', get.repeat(100)),
    sending('one after a refused form', postParts('/update', filePart('other', 'x')), get),
    sending(
      'one after a form that is refused early',
      postParts('/update', filePart('other', Buffer.alloc(200_000))),
      get,
    ),
    sending(
      'one after a long body that nobody reads',
      post('/version', 'text/plain', Buffer.alloc(100_000, 'a')),
      get,
    ),
    sending('a malformed one after a good one', get, bad, get),
    sending('half of another one', get, get.slice(0, 40)),
    sending('one behind CONNECT', head('CONNECT a:1'), get),
    sending('one behind Upgrade', head(version, 'Connection: Upgrade', 'Upgrade: websocket'), get),
    sending('one behind Connection: close', head(version, 'Connection: close'), get),
    sending('one behind Expect', head(update, multipart, 'Content-Length: 20', 'Expect: 100-continue'), get),
    sending(
      'mixed',
      head(`HEAD ${signed('HEAD', '/version')}`),
      get,
      head('GET /none'),
      postParts('/setup'),
      get,
    ),
  ];
}

function cutOff(): RequestCase[] {
  const whole = postParts('/update', filePart('update', Buffer.alloc(3000, 'x')));
  const get = Buffer.from(head(version));
  const cut = [1, 20, 120, 250, 330, 1000, whole.length - 60, whole.length - 4, whole.length - 1];
  const isOpen = { staysOpen: true };
  return [
    ...cut.map((length) => sending(`a form cut off after ${length} bytes`, whole.subarray(0, length))),
    ...cut.map((length) => ({
      ...sending(`a client that vanishes after ${length} bytes`, whole.subarray(0, length)),
      vanishes: true,
    })),
    { ...sending('a client that vanishes after a form', whole), vanishes: true },
    { ...sending('a head that does not end', get.subarray(0, -2)), ...isOpen },
    { ...sending('a body that does not end', whole.subarray(0, -50)), ...isOpen },
    { ...sending('a client that says nothing'), ...isOpen },
    { ...sending('a client that waits for another answer', get), ...isOpen },
    {
      ...sending(
        'a client that expects to be asked',
        head(update, multipart, 'Content-Length: 9', 'Expect: 100-continue'),
      ),
      ...isOpen,
    },
  ];
}
