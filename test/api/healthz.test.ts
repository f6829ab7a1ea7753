import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { poll } from '../support/poll.js';
import { TOKEN } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';

let appliance: TestDaemon;
afterEach(() => appliance.stop());

test('it says ready, and nothing else, to whoever asks', async () => {
  appliance = await startTestDaemon();
  const response = await appliance.call('GET', '/healthz');
  expect([response.status, response.text]).toEqual([200, '{"status":"ready"}']);
  const head = await appliance.call('HEAD', '/healthz');
  expect([head.status, head.headers['content-length']]).toEqual([200, '18']);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is not its method', async (method) => {
  appliance = await startTestDaemon();
  const { status, body } = await appliance.call(method, '/healthz');
  expect([status, body]).toEqual([
    400,
    { Status: '400 Bad Request', 'Error-Message': 'Invalid authentication method. Expected GET' },
  ]);
});

test('a credential, wrong or right, changes nothing', async () => {
  appliance = await startTestDaemon();
  for (const query of ['token=wrong', `token=${TOKEN}`, 'hash=00', 'verbose=1'])
    expect((await appliance.call('GET', `/healthz?${query}`)).text).toBe('{"status":"ready"}');
});

describe.each(['the TLS port', 'the plain port for a proxy'])('on %s', (port) => {
  let socket: Socket;
  beforeEach(async () => {
    appliance = await startTestDaemon({ proxyPort: 0 });
    socket =
      port === 'the TLS port'
        ? connect({ host: '127.0.0.1', port: appliance.daemon.port ?? 0, rejectUnauthorized: false })
        : connectPlain(appliance.daemon.proxyPort ?? 0, '127.0.0.1');
    await once(socket, port === 'the TLS port' ? 'secureConnect' : 'connect');
  });
  afterEach(() => socket.destroy());

  test('it is ready', async () => {
    socket.write(`${request('GET')}Connection: close\r\n\r\n`);
    expect(await answers(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{"status":"ready"\}$/);
  });

  test.each([
    ['GET', '{"status":"not ready"}'],
    ['HEAD', ''],
  ])('%s says not ready, and nothing else, while the daemon stops', async (method, body) => {
    const { stopped } = await stopWhileBusy(socket);
    socket.write(`${UPLOAD_END}${request(method)}\r\n`);
    const [, answer = ''] = (await answers(socket)).split(/(?=HTTP\/1\.1 503)/);
    const [head = '', text] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(head).toContain('\r\nConnection: close');
    expect(head).not.toContain('Error-Message');
    expect(text).toBe(body);
    await stopped;
  });

  test('everything else is refused while the daemon stops', async () => {
    const { stopped } = await stopWhileBusy(socket);
    socket.write(`${UPLOAD_END}${request('GET', '/api/v1/admin/version')}\r\n`);
    expect(await answers(socket)).toMatch(/HTTP\/1\.1 503 [\s\S]*The daemon is shutting down/);
    await stopped;
  });
});

test('during a first run, too', async () => {
  appliance = await startTestDaemon({
    token: null,
    prepare: ({ paths, write }) =>
      write(paths.endpointConfiguration, '{"first-run":{"enabled":true,"word-length":4}}'),
  });
  expect((await appliance.call('GET', '/version')).status).toBe(403);
  expect((await appliance.call('GET', '/healthz')).body).toEqual({ status: 'ready' });
});

test('for an address that is throttled, too', async () => {
  appliance = await startTestDaemon({ settings: { authFailuresPerMinute: 1 } });
  for (let failures = 0; failures < 2; failures += 1) await appliance.call('GET', '/version');
  expect((await appliance.call('GET', '/version')).status).toBe(429);
  expect((await appliance.call('GET', '/healthz')).body).toEqual({ status: 'ready' });
});

test('it is not audited, and no endpoint of the API', async () => {
  appliance = await startTestDaemon();
  await appliance.call('GET', '/healthz');
  expect(existsSync(appliance.paths.auditLog)).toBe(false);
  const { body } = await appliance.signed('GET', '/endpoints');
  expect(JSON.stringify(body)).not.toContain('healthz');
});

const UPLOAD = '--b\r\nContent-Disposition: form-data; name="update"; filename="p"\r\n\r\nthe first bytes';
const UPLOAD_END = '\r\n--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n';

const request = (method: string, path = '/healthz') => `${method} ${path} HTTP/1.1\r\nHost: a\r\n`;

/** Begins an upload on the connection, and then the stop: the connections that are not busy are closed by it. */
async function stopWhileBusy(socket: Socket): Promise<{ readonly stopped: Promise<void> }> {
  socket.write(
    `${request('POST', `/api/v1/admin/update?token=${TOKEN}`)}Content-Type: multipart/form-data; boundary=b\r\n` +
      `Content-Length: ${UPLOAD.length + UPLOAD_END.length}\r\n\r\n${UPLOAD}`,
  );
  await poll('the upload has begun', async () => (await readdir(appliance.paths.incoming)).length > 0);
  return { stopped: appliance.daemon.stop() };
}

/** All that comes until the daemon ends the connection. */
async function answers(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
