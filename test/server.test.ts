import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { createSelfSignedCertificate } from '../src/system/certificate.js';
import { TOKEN } from './support/appliance.js';
import { startTestDaemon, type TestDaemon } from './support/daemon.js';
import { poll } from './support/poll.js';
import { mountTmpfs } from './support/tmpfs.js';
import { testWithMount } from './support/test-with-mount.js';

let appliance: TestDaemon;
afterEach(() => appliance.stop());

const version = (options: Parameters<typeof startTestDaemon>[0] = {}) =>
  startTestDaemon({ ...options, prepare: ({ paths, write }) => write(paths.version, '1.0.0\n') });

async function open(options: ConnectionOptions & { allowHalfOpen?: boolean } = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: appliance.daemon.port ?? 0,
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** Reads until `end` accepts what came, or the connection ends. */
async function readUntil(socket: NodeJS.ReadableStream, end: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (end(text)) break;
  }
  return text;
}

async function exchange(request: string, end: (text: string) => boolean = () => false): Promise<string> {
  const socket = await open();
  socket.write(request);
  return readUntil(socket, end);
}

const GET_VERSION = `GET /api/v1/admin/version?token=${TOKEN} HTTP/1.1\r\nHost: a\r\n`;

describe('TLS', () => {
  test('makes a certificate for the host name, localhost and its addresses, with a private key', async () => {
    appliance = await version();
    const { paths, read } = appliance;
    const certificate = new X509Certificate(await read(paths.tlsCertificate));
    expect(certificate.subjectAltName).toContain('DNS:localhost');
    expect(certificate.subjectAltName).toContain(`DNS:${hostname()}`);
    expect(certificate.subjectAltName).toContain('IP Address:127.0.0.1');
    for (const file of [paths.tlsPrivateKey, paths.tlsBundle])
      expect((await stat(file)).mode & 0o777).toBe(0o640);
    const socket = await open({
      ca: await read(paths.tlsCertificate),
      rejectUnauthorized: true,
      servername: 'localhost',
    });
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s with an AEAD cipher', async (protocol) => {
    appliance = await version();
    const socket = await open({ minVersion: protocol, maxVersion: protocol });
    expect(socket.getProtocol()).toBe(protocol);
    expect(socket.getCipher().name).toMatch(/GCM|CHACHA20/);
    socket.destroy();
  });

  test.each([
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA256' }],
    ['no forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
    ['a finite-field group', { minVersion: 'TLSv1.3', ecdhCurve: 'ffdhe8192' }],
  ] as const)('refuses %s', async (_what, options) => {
    appliance = await version();
    await expect(open(options)).rejects.toThrow();
  });

  test('takes a new pair over without dropping a connection; a broken one leaves the old pair serving', async () => {
    appliance = await version({ settings: { certificateCheckIntervalMs: 100 } });
    const { paths, write, read } = appliance;
    const old = await open();
    const fingerprint = async () => {
      const socket = await open();
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const before = await fingerprint();
    await write(paths.tlsBundle, (await read(paths.tlsPrivateKey)) + 'no certificate');
    await expect(appliance.daemon.reload()).rejects.toThrow('it holds no certificate');
    expect(await fingerprint()).toBe(before);
    const pair = await createSelfSignedCertificate();
    await write(paths.tlsBundle, pair.key + pair.certificate);
    const expected = new X509Certificate(pair.certificate).fingerprint256;
    await poll('the new pair serves', async () => (await fingerprint()) === expected);
    old.write(`${GET_VERSION}Connection: close\r\n\r\n`);
    expect(await readUntil(old, () => false)).toContain('200 OK');
  });
});

describe('HTTP', () => {
  beforeEach(async () => {
    appliance = await version();
  });

  test('answers keep-alive requests one after the other, pipelined too', async () => {
    const answers = await exchange(`${GET_VERSION}\r\n${GET_VERSION}Connection: close\r\n\r\n`);
    expect(answers.match(/\{"version":"1\.0\.0"\}/g)).toHaveLength(2);
  });

  test('answers a one-shot HTTP/1.0 client', async () => {
    const answer = await exchange(`GET /api/v1/admin/version?token=${TOKEN} HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\{"version":"1\.0\.0"\}$/);
  });

  test('answers an absolute-form target', async () => {
    const answer = await exchange(
      `GET https://a/api/v1/admin/version?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain('{"version":"1.0.0"}');
  });

  test.each([
    ['nonsense', 'nonsense\r\n\r\n', 'Malformed HTTP request'],
    [
      'a head over the limit',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'The request head is too large',
    ],
    ['a request without Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 'Missing header: Host'],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 'CONNECT is not allowed'],
  ])('400 in the usual form for %s', async (_what, request, message) => {
    const answer = await exchange(request);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*X-Frame-Options: deny/);
    expect(answer).toContain(`{"Status":"400 Bad Request","Error-Message":"${message}"}`);
  });

  test.each(['http://[/x', 'http://[::1/x', 'http://xn--a/x', '//[', '/%'])(
    '404 in the usual form for the target %s',
    async (target) => {
      const answer = await exchange(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[\s\S]*X-Frame-Options: deny/);
      expect(answer).toContain('{"Status":"404 Not Found"}');
    },
  );

  test('nothing is said elsewhere of a target that is no URL', async () => {
    const warned: Error[] = [];
    const note = (warning: Error) => void warned.push(warning);
    process.on('warning', note);
    try {
      const answer = await exchange(
        `GET http://a:84x3/api/v1/admin/version?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toContain('{"version":"1.0.0"}');
      await setImmediate();
      expect(warned).toEqual([]);
    } finally {
      process.off('warning', note);
    }
  });

  test('a body for a target that is no URL is not waited for', async () => {
    const socket = await open();
    socket.write('POST http://[/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    expect(await readUntil(socket, (text) => text.includes('}'))).toMatch(/^HTTP\/1\.1 404 Not Found/);
  });

  test('bytes that are no request behind one are answered after it, not into it', async () => {
    const begin = await open();
    begin.write(`POST /api/v1/admin/setup?token=wrong HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    begin.write(`${GET_VERSION}\r\nbad\r\n\r\n`);
    const answers = (await readUntil(begin, () => false)).split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['403', '200', '400']);
    expect(answers[2]).toContain('"Malformed HTTP request"');
  });

  test('CONNECT behind a request is answered after it', async () => {
    const answers = await exchange(`${GET_VERSION}\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test('a client that keeps a refused connection open loses it', async () => {
    const socket = await open({ allowHalfOpen: true });
    socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(
      socket.resume().on('error', () => undefined),
      'end',
    );
    // Only who sends is told that nobody is there any more.
    const isGone = () => {
      socket.write('x');
      return Promise.resolve(socket.destroyed);
    };
    await poll('it is closed', isGone, 20_000);
  });

  test('a chunk that is none is answered though its request is not whole', async () => {
    const answer = await exchange(
      `POST /api/v1/admin/setup?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n` +
        'Content-Type: application/x-www-form-urlencoded\r\n\r\nzz\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*"Malformed HTTP request"/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test('403 at once, without 100 Continue, for a stranger who waits with his upload', async () => {
    const answer = await exchange(
      'POST /api/v1/admin/update HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000000000\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden/);
  });

  test('an expectation that is unknown is ignored', async () => {
    const answer = await exchange(`${GET_VERSION}Expect: wonders\r\nConnection: close\r\n\r\n`);
    expect(answer).toContain('{"version":"1.0.0"}');
  });

  test('100 Continue for a caller who may upload', async () => {
    const socket = await open();
    socket.write(
      `POST /api/v1/admin/setup?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n` +
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\nConnection: close\r\n\r\n',
    );
    expect(await readUntil(socket, () => true)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.destroy();
  });

  test('an answer reaches a stranger who uploads without waiting, and nothing is stored', async () => {
    const socket = await open();
    socket.on('error', () => undefined);
    socket.write(
      'POST /api/v1/admin/update HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000000\r\n\r\n',
    );
    const writer = setInterval(() => socket.write('x'.repeat(65_536)), 1);
    const answer = await readUntil(socket, (text) => text.includes('Authentication error"}'));
    clearInterval(writer);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*Connection: close/i);
    expect(await readdir(appliance.paths.incoming)).toEqual([]);
  });

  test('a client that goes away in mid-upload leaves nothing behind', async () => {
    const socket = await open();
    socket.write(
      `POST /api/v1/admin/update?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
        'Content-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\nhalf of it',
    );
    await poll('the upload has begun', async () => (await readdir(appliance.paths.incoming)).length > 0);
    socket.destroy();
    await poll('it is removed', async () => (await readdir(appliance.paths.incoming)).length === 0);
  });
});

describe('limits', () => {
  test('413 for a body over the limit, announced or not, and nothing is stored', async () => {
    appliance = await version({ settings: { uploadLimitBytes: 2000 } });
    const announced = await appliance.signed('POST', '/update').attach('update', Buffer.alloc(5000), 'p');
    expect([announced.status, announced.text]).toEqual([
      413,
      '{"Status":"413 Content Too Large","Error-Message":"Request body too large. Allowed: at most 2000 bytes"}',
    ]);
    const part = '--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\n';
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = await exchange(
      `POST /api/v1/admin/update?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${chunk(part)}${chunk('x'.repeat(5000))}0\r\n\r\n`,
      (text) => text.includes('}'),
    );
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    await poll('the upload is removed', async () => (await readdir(appliance.paths.incoming)).length === 0);
  });

  test('a connection on which nothing moves is closed, a slow upload is not', async () => {
    appliance = await version({ settings: { idleTimeoutMs: 400, headersTimeoutMs: 10_000 } });
    const idle = await open();
    const slow = await open();
    slow.write(
      `POST /api/v1/admin/setup?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        'Content-Length: 18\r\nConnection: close\r\n\r\n',
    );
    const letters = Array.from('newtoken=slowtoken');
    const writer = setInterval(() => {
      const letter = letters.shift();
      if (letter === undefined) clearInterval(writer);
      else slow.write(letter);
    }, 100);
    const [answer] = await Promise.all([readUntil(slow, () => false), once(idle.resume(), 'close')]);
    expect(answer).toContain('{"Status":"200 OK"}');
  });
});

describe('the connection limit', () => {
  const openMany = async (count: number) => {
    const sockets: TLSSocket[] = [];
    while (sockets.length < count) sockets.push((await open()).on('error', () => undefined).resume());
    return sockets;
  };

  test('one client that holds every connection shuts nobody out, and cuts off no request', async () => {
    appliance = await version({ settings: { connectionLimit: 8 } });
    const upload = await open();
    upload.write(
      `POST /api/v1/admin/setup?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        'Content-Length: 18\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    await once(upload, 'readable');
    const idle = await openMany(20);
    const operator = await open({ localAddress: '127.0.0.2' } as ConnectionOptions);
    operator.write(`${GET_VERSION}Connection: close\r\n\r\n`);
    expect(await readUntil(operator, () => false)).toContain('200 OK');
    upload.write('newtoken=slowtoken');
    expect(await readUntil(upload, () => false)).toContain('{"Status":"200 OK"}');
    await poll('what was over the limit is closed', () =>
      Promise.resolve(idle.filter(({ closed }) => closed).length >= 20 - 7),
    );
    idle.forEach((socket) => socket.destroy());
  });

  test('a client that holds fewer connections loses none to one that holds many', async () => {
    appliance = await version({ settings: { connectionLimit: 8 } });
    const operator = await open({ localAddress: '127.0.0.2' } as ConnectionOptions);
    const many = await openMany(20);
    operator.write(`${GET_VERSION}Connection: close\r\n\r\n`);
    expect(await readUntil(operator, () => false)).toContain('200 OK');
    many.forEach((socket) => socket.destroy());
  });
});

test('a connection that its client wants closed is closed when a refused form has come, not before', async () => {
  appliance = await version();
  const client = await open();
  let isClosed = false;
  client.on('end', () => (isClosed = true));
  client.write(
    'POST /api/v1/admin/update?token=wrong HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n',
  );
  const chunks: string[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  await poll('the answer', () => Promise.resolve(chunks.join('').includes('Authentication error"}')));
  // A whole connection more takes longer than to close one.
  const other = await open();
  other.write(`${GET_VERSION}Connection: close\r\n\r\n`);
  await readUntil(other, () => false);
  expect(isClosed).toBe(false);
  client.write('form');
  await poll('it is closed', () => Promise.resolve(isClosed));
});

test('a graceful stop finishes the upload under way and takes nothing new', async () => {
  appliance = await version();
  const idle = await open();
  idle.write(`${GET_VERSION}\r\n`);
  await readUntil(idle, (text) => text.includes('1.0.0'));
  const begin = '--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\nhalf';
  const rest = '\r\n--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n';
  const upload = await open();
  upload.write(
    `POST /api/v1/admin/update?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
      `Content-Length: ${begin.length + rest.length}\r\n\r\n${begin}`,
  );
  await poll('the upload has begun', async () => (await readdir(appliance.paths.incoming)).length > 0);
  const stopped = appliance.daemon.stop();
  await expect(open()).rejects.toThrow();
  upload.write(rest);
  expect(await readUntil(upload, (text) => text.includes('}'))).toContain('Unknown field: other');
  await stopped;
});

test('a graceful stop waits for no connection that carries no request', async () => {
  appliance = await version({ settings: { shutdownGraceMs: 600_000 } });
  const port = appliance.daemon.port ?? 0;
  const beforeHandshake = connectPlain(port, '127.0.0.1').on('error', () => undefined);
  await once(beforeHandshake, 'connect');
  const beforeRequest = await open();
  const closed = Promise.all(
    [beforeHandshake, beforeRequest].map((socket) => once(socket.resume(), 'close')),
  );
  await appliance.daemon.stop();
  await closed;
});

test('a graceful stop waits for the answer under way, not for its connection', async () => {
  appliance = await version({ settings: { shutdownGraceMs: 600_000, setupPauseMs: 2_000 } });
  const client = await open();
  let answers = '';
  client.on('data', (chunk: Buffer) => (answers += chunk.toString()));
  client.write(
    `${GET_VERSION}\r\nPOST /api/v1/admin/setup?token=wrong HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
  );
  await poll('the second one is under way', () => Promise.resolve(answers.includes('1.0.0')));
  await Promise.all([once(client, 'close'), appliance.daemon.stop()]);
  expect(answers).toContain('HTTP/1.1 403 Forbidden\r\n');
});

test('what is no request is told of the first run, as every error is', async () => {
  const endpoints = '{"endpoints":[],"first-run":{"enabled":true,"word-length":4}}';
  appliance = await startTestDaemon({
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, endpoints),
  });
  expect(await exchange('nonsense\r\n\r\n')).toMatch(
    /\{"Status":"400 Bad Request","Error-Message":"Malformed HTTP request","First-Run":(true|false)\}$/,
  );
});

describe('behind a proxy', () => {
  test('CONNECT by a client that resets the connection ends nothing else', async () => {
    appliance = await version({ proxyPort: 0 });
    const port = appliance.daemon.proxyPort ?? 0;
    for (let round = 0; round < 3; round += 1) {
      const socket = connectPlain(port, '127.0.0.1');
      socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'data');
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    const other = connectPlain(port, '127.0.0.1');
    other.write(`${GET_VERSION}Connection: close\r\n\r\n`);
    expect(await readUntil(other, () => false)).toContain('{"version":"1.0.0"}');
  });

  test('the plain port takes the client from the last X-Forwarded-For entry', async () => {
    appliance = await version({ proxyPort: 0, settings: { authFailuresPerMinute: 1 } });
    const ask = async (forwardedFor: string | undefined, token: string) => {
      const socket = connectPlain(appliance.daemon.proxyPort ?? 0, '127.0.0.1');
      const header = forwardedFor === undefined ? '' : `X-Forwarded-For: ${forwardedFor}\r\n`;
      socket.write(
        `GET /api/v1/admin/version?token=${token} HTTP/1.1\r\nHost: a\r\n${header}Connection: close\r\n\r\n`,
      );
      return (await readUntil(socket, () => false)).slice(9, 12);
    };
    expect(await ask('198.51.100.9, 192.0.2.1', 'wrong')).toBe('403');
    expect(await ask('198.51.100.9, 192.0.2.1', TOKEN)).toBe('429');
    expect(await ask('192.0.2.1, 198.51.100.9', TOKEN)).toBe('200');
    expect(await ask('2001:db8::1', 'wrong')).toBe('403');
    expect(await ask('2001:db8::ffff:1', TOKEN)).toBe('429');
    expect(await ask('2001:db8:0:1::1', TOKEN)).toBe('200');
    for (const token of ['wrong', 'wrong', TOKEN])
      expect(await ask(undefined, token)).toBe(token === TOKEN ? '200' : '403');
    expect(await appliance.read(appliance.paths.auditLog)).toContain('"api/v1/admin/version",192.0.2.1\n');
  });
});

describe('a full disk', () => {
  testWithMount('413 that says so where no more files fit, though bytes are free', async () => {
    appliance = await startTestDaemon();
    const unmount = mountTmpfs(appliance.paths.incoming, '256k,nr_inodes=1');
    try {
      const { status, text } = await appliance
        .signed('POST', '/update')
        .attach('update', Buffer.from('a package'), 'p');
      expect([status, text]).toEqual([413, expect.stringContaining('Not enough disk space')]);
    } finally {
      unmount();
    }
  });

  testWithMount('413 that says so, and nothing is left of the upload', async () => {
    appliance = await startTestDaemon();
    const { incoming } = appliance.paths;
    const unmount = mountTmpfs(incoming, '256k');
    try {
      const announced = await appliance
        .signed('POST', '/update')
        .attach('update', Buffer.alloc(1_000_000), 'p');
      expect(announced.status).toBe(413);
      expect(announced.text).toContain('Not enough disk space on the appliance for this upload. Free: ');
      const part = '--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\n';
      const socket = await open();
      socket.on('error', () => undefined);
      socket.write(
        `POST /api/v1/admin/update?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n${part.length.toString(16)}\r\n${part}\r\nf4240\r\n${'x'.repeat(1_000_000)}\r\n`,
      );
      expect(await readUntil(socket, (text) => text.includes('}'))).toMatch(
        /^HTTP\/1\.1 413 [\s\S]*Not enough disk space/,
      );
      await poll('the upload is removed', async () => (await readdir(incoming)).length === 0);
    } finally {
      unmount();
    }
  });
});
