import { rm } from 'node:fs/promises';
import { signRequest } from '../../src/auth/credential.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { TOKEN } from '../support/appliance.js';

const FORBIDDEN = '{"Status":"403 Forbidden","Error-Message":"Authentication error"}';
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');

describe('signRequest', () => {
  test.each([
    ['testtoken', '39791be66bfbce4966b6c3feb7bfcb9118c285fa952b030a9af2fcf64f1a67ac'],
    ['yourtoken', 'b714a60732e096ccef06e360eefe0f1ba4fa5d16ef7da726612e2026e5523241'],
  ])('signs GET version with %s as documented', (token, hash) => {
    expect(signRequest(token, 'GET/api/v1/admin/version')).toBe(hash);
  });
});

describe('with a token', () => {
  let appliance: TestDaemon;
  beforeAll(async () => {
    appliance = await startTestDaemon({ prepare: ({ paths, write }) => write(paths.version, '1.0.0\n') });
  });
  afterAll(() => appliance.stop());

  const hash = (path: string) => signRequest(TOKEN, `GET/api/v1/admin${path}`);

  test.each([
    ['the token', `/version?token=${TOKEN}`],
    ['the hash', `/version?hash=${hash('/version')}`],
    ['the hash of a path with a trailing slash', `/version/?hash=${hash('/version/')}`],
    ['the token and an empty hash', `/version?hash=&token=${TOKEN}`],
    ['a wrong token, then the right one', `/version?token=no&token=${TOKEN}`],
    ['unknown parameters', `/version?a=1&token=${TOKEN}&b`],
    ['percent-encoded letters in the path', `/%76ersion?token=${TOKEN}`],
    ['a hash over the path as it was written', `/%76ersion?hash=${hash('/%76ersion')}`],
  ])('should answer to %s', async (_what, path) => {
    const { status, text } = await appliance.call('GET', path);
    expect([status, text]).toEqual([200, '{"version":"1.0.0"}']);
  });

  test.each([
    ['nothing', '/version'],
    ['a wrong token', '/version?token=wrong'],
    ['an empty token', '/version?token='],
    ['a wrong hash', `/version?hash=${'0'.repeat(64)}`],
    ['a wrong hash beside the right token', `/version?hash=${'0'.repeat(64)}&token=${TOKEN}`],
    ['the hash in upper case', `/version?hash=${hash('/version').toUpperCase()}`],
    ['the hash of the path without its slash', `/version/?hash=${hash('/version')}`],
    ['the right token, then a wrong one', `/version?token=${TOKEN}&token=no`],
    ['a malformed escape', '/version?token=%zz'],
  ])('should 403 to %s', async (_what, path) => {
    const answer = await appliance.call('GET', path);
    expect([answer.status, answer.text]).toEqual([403, FORBIDDEN]);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'error-message': 'Authentication error',
    });
  });

  test('should audit a failure without the credential', async () => {
    await appliance.call('GET', '/version?token=s3cret-guess');
    const lines = (await appliance.read(appliance.paths.auditLog)).trim().split('\n');
    expect(lines.at(-1)).toMatch(
      /^\d+\.\d{9},[0-9a-f]{16},web,admin,token\.authenticate\.failed,"api\/v1\/admin\/version",127\.0\.0\.1$/,
    );
    expect(lines.join()).not.toContain('s3cret-guess');
  });

  test.each([
    ['GET', '/nothing'],
    ['GET', '//version'],
    ['GET', '/./version'],
    ['GET', '/x/../version'],
    ['GET', '/VERSION'],
    ['GET', '/version//'],
    ['POST', '/settings'],
    ['GET', '/api/v2'],
  ])('should 404 %s %s, signed in or not', async (method, path) => {
    for (const credential of ['', `?token=${TOKEN}`]) {
      const { status, text } = await appliance.call(method, path + credential);
      expect([status, text]).toEqual([404, '{"Status":"404 Not Found"}']);
    }
  });

  test.each([
    ['POST', '/version', 'GET'],
    ['PUT', '/version', 'GET'],
    ['DELETE', '/version', 'GET'],
    ['OPTIONS', '/version', 'GET'],
    ['PUT', '/update', 'GET or POST'],
    ['GET', '/setup', 'POST'],
  ])('should 400 %s %s and name what is expected', async (method, path, expected) => {
    const { status, body } = await appliance.call(method, `${path}?token=${TOKEN}`);
    expect(status).toBe(400);
    expect(body).toEqual({
      Status: '400 Bad Request',
      'Error-Message': `Invalid authentication method. Expected ${expected}`,
    });
  });

  test('should 403 a wrong method of a stranger', async () => {
    expect((await appliance.call('POST', '/version')).status).toBe(403);
  });

  test('should answer HEAD, signed as HEAD, with the headers of GET', async () => {
    const { status, headers, text } = await appliance.signed('HEAD', '/version');
    expect([status, headers['content-length'], text]).toEqual([200, '19', undefined]);
  });

  test('should send every security header on every kind of answer', async () => {
    for (const path of [`/version?token=${TOKEN}`, '/version', '/nothing', '/docs']) {
      const { headers } = await appliance.call('GET', path);
      expect(headers).toMatchObject({
        'strict-transport-security': 'max-age=31536000 ; includeSubDomains',
        'x-frame-options': 'deny',
        'x-xss-protection': '1',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      expect(headers['content-security-policy']).toContain("object-src 'self';");
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });
});

describe('tokens on file', () => {
  let appliance: TestDaemon;
  beforeAll(async () => {
    appliance = await startTestDaemon({
      token: null,
      prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    });
  });
  afterAll(() => appliance.stop());

  const statusWith = async (query: string) => (await appliance.call('GET', `/version?${query}`)).status;

  test('should 403 everything without a token file, also the hash of an empty token', async () => {
    await rm(appliance.paths.apiToken, { force: true });
    expect(await statusWith(`hash=${signRequest('', 'GET/api/v1/admin/version')}`)).toBe(403);
    expect(await statusWith('token=')).toBe(403);
  });

  test('should 403 everything with an empty token file, and /setup, too', async () => {
    await appliance.write(appliance.paths.apiToken, '');
    expect(await statusWith('token=')).toBe(403);
    expect(await statusWith(`hash=${signRequest('', 'GET/api/v1/admin/version')}`)).toBe(403);
    const { status, text } = await appliance.call('POST', '/setup').field('newtoken', 'abc');
    expect([status, text]).toEqual([403, '{"Status":"403 Forbidden"}']);
  });

  test('should count only the first line', async () => {
    await appliance.write(appliance.paths.apiToken, 'first\nsecond\n');
    expect(await statusWith('token=first')).toBe(200);
    expect(await statusWith('token=second')).toBe(403);
  });

  test('should accept every printable character, percent-encoded, and sign with it', async () => {
    await appliance.write(appliance.paths.apiToken, PRINTABLE);
    expect(await statusWith(`token=${encodeURIComponent(PRINTABLE)}`)).toBe(200);
    expect(await statusWith(`hash=${signRequest(PRINTABLE, 'GET/api/v1/admin/version')}`)).toBe(200);
  });
});

describe('the throttle', () => {
  let appliance: TestDaemon;
  beforeAll(async () => {
    appliance = await startTestDaemon({
      settings: { authFailuresPerMinute: 3 },
      prepare: ({ paths, write }) => write(paths.version, '1.0.0\n'),
    });
  });
  afterAll(() => appliance.stop());

  test('should 429 an address that keeps failing, even with the right token, and count guesses made at once', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => (await appliance.call('GET', `/version?token=${n}`)).status),
    );
    expect(guesses.sort()).toEqual([403, 403, 403, 429, 429, 429, 429, 429]);
    const { status, headers, body } = await appliance.signed('GET', '/version');
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(body).toMatchObject({ Status: '429 Too Many Requests' });
  });
});
