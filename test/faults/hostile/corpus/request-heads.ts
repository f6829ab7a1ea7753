import { head, sending, signed, type RequestCase } from './request.js';

const version = signed('GET', '/version');
const get = (...lines: readonly string[]) => head(`GET ${version}`, ...lines);
const METHODS = 'HEAD POST PUT DELETE OPTIONS TRACE PATCH CONNECT PROPFIND PURGE QUERY get G'.split(' ');
const PATHS =
  '/version /setup /update /settings /storage /certs /license /backup /backup/restore /logs /debug /reboot /none'.split(
    ' ',
  );

/** Methods, request lines and headers; what is odd is the head alone. */
export function requestHeads(): readonly RequestCase[] {
  return [...methods(), ...lines(), ...headers()];
}

function methods(): RequestCase[] {
  return METHODS.flatMap((method) =>
    // `GET` of these acts on the appliance; a `HEAD` of them must not.
    PATHS.map((path) => sending(`${method} ${path}`, head(`${method} ${signed(method, path)}`))),
  );
}

function lines(): RequestCase[] {
  const long = 'x'.repeat(20_000);
  const odd: Readonly<Record<string, string>> = {
    'nothing at all': '',
    'a line end': '\r\n',
    'a hundred line ends': '\r\n'.repeat(100),
    'only a method': 'GET',
    'no version': `GET ${version}\r\n\r\n`,
    'HTTP/0.9': `GET ${version} HTTP/0.9\r\n\r\n`,
    'HTTP/1.0': `GET ${version} HTTP/1.0\r\n\r\n`,
    'HTTP/1.0 with keep-alive': `GET ${version} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
    'HTTP/2.0': `GET ${version} HTTP/2.0\r\nHost: a\r\n\r\n`,
    'HTTP/9.9': `GET ${version} HTTP/9.9\r\nHost: a\r\n\r\n`,
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'another protocol': 'SSH-2.0-OpenSSH_9.0\r\n',
    'a TLS hello in TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'spaces between': `GET  ${version}  HTTP/1.1\r\nHost: a\r\n\r\n`,
    'tabs between': `GET\t${version}\tHTTP/1.1\r\nHost: a\r\n\r\n`,
    'bare line feeds': `GET ${version} HTTP/1.1\nHost: a\n\n`,
    'bare carriage returns': `GET ${version} HTTP/1.1\rHost: a\r\r`,
    'a NUL in the method': `G\0T ${version} HTTP/1.1\r\nHost: a\r\n\r\n`,
    'a NUL in the path': head('GET /api/v1/admin/ver\0sion'),
    'high bytes in the path': head('GET /api/v1/admin/\xff\xfe\x80'),
    'a path without slash': head('GET version'),
    'an empty path': head('GET ?token=x'),
    'an asterisk': head('OPTIONS *'),
    'an absolute URL': head(`GET https://elsewhere.example${version}`),
    'an absolute URL of another kind': head('GET ftp://elsewhere.example/api/v1/admin/version'),
    'an absolute URL without path': head('GET https://elsewhere.example'),
    'an absolute URL of half an address': head('GET http://[/x'),
    'an absolute URL of half an address, and a body': `${head('POST http://[/x', 'Content-Length: 300000')}${'a'.repeat(300_000)}`,
    'an absolute URL whose port is none': head(`GET http://a:84x3${version}`),
    'an authority': head('CONNECT elsewhere.example:443'),
    'a huge path': head(`GET /${long}`),
    'a huge method': head(`${'A'.repeat(20_000)} /`),
    'a fragment': head(`GET ${version}#fragment`),
    'a long chain of dots': head(`GET /api/v1/admin/${'../'.repeat(1000)}etc/passwd`),
  };
  const paths = [
    '//api/v1/admin/version',
    '/api/v1/admin//version',
    '/api/v1/admin/./version',
    '/api/v1/admin/../admin/version',
    '/api/v1/admin/version/',
    '/api/v1/admin/version//',
    '/api/v1/admin/%76ersion',
    '/api/v1/admin/%2e%2e/%2e%2e/etc/passwd',
    '/api/v1/admin%2fversion',
    '/api/v1/admin/version%00',
    '/api/v1/admin/version%',
    '/api/v1/admin/version%zz',
    '/api/v1/admin/%ff%fe',
    '/api/v1/admin/version;a=b',
    '/api/v1/admin/VERSION',
    '/api/v1/admin/__proto__',
    '/api/v1/admin/constructor',
    '/api/v1/admin/update/log/../../version',
    '/docs/../api/v1/admin/version',
    '/\\..\\..\\etc\\passwd',
  ];
  return [
    ...Object.entries(odd).map(([name, text]) => sending(`line: ${name}`, text)),
    ...paths.map((path) => sending(`path: ${path}`, head(`GET ${path}`))),
  ];
}

function headers(): RequestCase[] {
  const odd: Readonly<Record<string, string>> = {
    'no Host': `GET ${version} HTTP/1.1\r\n\r\n`,
    'two Hosts': get('Host: another'),
    'an empty Host': `GET ${version} HTTP/1.1\r\nHost:\r\n\r\n`,
    'an odd Host': `GET ${version} HTTP/1.1\r\nHost: "><script>\r\n\r\n`,
    'a header without colon': get('Header'),
    'a header without name': get(': value'),
    'a space before the colon': get('Header : value'),
    'a folded header': get('Header: a', ' b'),
    'a NUL in a value': get('Header: a\0b'),
    'a carriage return in a value': get('Header: a\rb'),
    'high bytes in a value': get('Header: \x80\xff'),
    'high bytes in a name': get('H\xe9ader: a'),
    'controls in a name': get('He\x01der: a'),
    'a huge value': get(`Header: ${'x'.repeat(20_000)}`),
    'a huge name': get(`${'x'.repeat(20_000)}: a`),
    'a thousand headers': get(...Array.from({ length: 1000 }, (_, index) => `H${index}: a`)),
    'three thousand empty headers': get(...Array.from({ length: 3000 }, () => 'A:')),
    'names of Object': get('__proto__: a', 'constructor: b', 'toString: c', 'hasOwnProperty: d'),
    'Expect of something else': get('Expect: the-unexpected'),
    'Expect without body': get('Expect: 100-continue'),
    'Upgrade to WebSocket': get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAA'),
    'Upgrade to h2c': get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    'Connection of everything': get('Connection: keep-alive, close, upgrade, te, host'),
    'an odd X-Forwarded-For': get('X-Forwarded-For: 1.2.3.4, ::ffff:1.2.3.4, \x80, unknown'),
    'a method to be overridden': get('X-HTTP-Method-Override: DELETE'),
    'a range': get('Range: bytes=0-0'),
    'a backwards range': get('Range: bytes=9-1'),
    'ten thousand ranges': get(`Range: bytes=${'0-0,'.repeat(3000)}0-0`),
    'an impossible range': get('Range: bytes=99999999999999999999-'),
    'a trailer': get('Trailer: Host', 'TE: trailers'),
    'a cookie': get('Cookie: token=a; hash=b; __proto__=c'),
  };
  const log = (...more: readonly string[]) => head(`GET ${signed('GET', '/backup/download')}`, ...more);
  const ranges = [
    'bytes=-0',
    'bytes=-1',
    'bytes=--1',
    'bytes=a-b',
    'bytes=0-99999999999999999999',
    'lines=0-1',
    'bytes',
  ];
  return [
    ...Object.entries(odd).map(([name, text]) => sending(`header: ${name}`, text)),
    ...ranges.map((range) => sending(`header: range ${range}`, log(`Range: ${range}`, 'If-Range: "x"'))),
  ];
}
