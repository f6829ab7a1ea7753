import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { replaceApiToken } from '../../src/appliance/api-token.js';
import { renewPassphrase } from '../../src/appliance/first-run.js';
import { signRequest } from '../../src/auth/credential.js';
import type { Paths } from '../../src/config/paths.js';
import { TOKEN } from '../support/appliance.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';

const OK = [200, '{"Status":"200 OK"}'];
const REFUSED = [403, '{"Status":"403 Forbidden"}'];

let appliance: TestDaemon;
afterEach(() => appliance.stop());

const answer = async (test: PromiseLike<{ status: number; text: string }>) => {
  const { status, text } = await test;
  return [status, text];
};

test('should set the first token without a credential, private to its owner', async () => {
  appliance = await startTestDaemon({ token: null });
  expect(await answer(appliance.call('POST', '/setup').field('newtoken', 'abc'))).toEqual(OK);
  const { paths, read } = appliance;
  expect(await read(paths.apiToken)).toBe('abc\n');
  expect(await read(paths.apiTokenSetup)).toBe('');
  expect((await stat(paths.apiToken)).mode & 0o777).toBe(0o600);
  expect(await read(paths.tokenLog)).toMatch(
    /^\[\d+\]\[SYSTEM\] Updating API token\. Please wait\.\.\n\[\d+\]\[SYSTEM\] Updating API token successful\n$/,
  );
  expect(await read(paths.auditLog)).toMatch(
    /,token\.update\.success,"api\/v1\/admin\/setup",127\.0\.0\.1\n$/,
  );
});

test.each(['multipart', 'urlencoded', 'query'])('should take newtoken from %s', async (place) => {
  appliance = await startTestDaemon({ token: null });
  const call = appliance.call('POST', place === 'query' ? '/setup?newtoken=a%26b' : '/setup');
  const sent = {
    multipart: () => call.field('newtoken', 'a&b'),
    urlencoded: () => call.type('form').send({ newtoken: 'a&b' }),
    query: () => call,
  };
  expect(await answer(sent[place as keyof typeof sent]())).toEqual(OK);
  expect(await appliance.read(appliance.paths.apiToken)).toBe('a&b\n');
});

test('should let exactly one of many first set-ups win', async () => {
  appliance = await startTestDaemon({ token: null });
  const statuses = await Promise.all(
    Array.from(
      { length: 10 },
      async (_, n) => (await appliance.call('POST', '/setup').field('newtoken', `t${n}`)).status,
    ),
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 403)).toHaveLength(9);
});

test('should replace the token for a caller who knows it, and only for that one', async () => {
  appliance = await startTestDaemon();
  const { paths, read } = appliance;
  expect(await answer(appliance.call('POST', '/setup').field('newtoken', 'stolen'))).toEqual(REFUSED);
  expect(await read(paths.apiToken)).toBe(`${TOKEN}\n`);
  expect(await read(paths.auditLog)).toMatch(/,token\.setup\.failed,"api\/v1\/admin\/setup"/);
  expect(await answer(appliance.signed('POST', '/setup').field('newtoken', 'next'))).toEqual(OK);
  expect(await read(paths.apiToken)).toBe('next\n');
});

test.each([
  ['replaced', (paths: Paths) => replaceApiToken(paths, 'another')],
  ['reset', (paths: Paths) => renewPassphrase(paths, undefined)],
])(
  'should 403 a new token whose sender knew one that was %s before all of it came',
  async (_what, change) => {
    appliance = await startTestDaemon();
    const { paths, read, url } = appliance;
    const path = '/api/v1/admin/setup';
    const sending = request(`${url}${path}?hash=${signRequest(TOKEN, `POST${path}`)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', expect: '100-continue' },
      rejectUnauthorized: false,
    });
    const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
    // Told when the credential was found to be right.
    await once(sending, 'continue');
    await change(paths);
    const token = await read(paths.apiToken);
    sending.end('newtoken=stolen');
    const [response] = await answered;
    expect([response.statusCode, await text(response)]).toEqual(REFUSED);
    expect(await read(paths.apiToken)).toBe(token);
    expect(await read(paths.auditLog)).toMatch(/,token\.setup\.failed,"api\/v1\/admin\/setup"/);
  },
);

const LENGTH = 'Invalid string length for option: newtoken. Allowed: >= 1 and <= 255';
const CHARACTERS = `Missing or invalid string for option: newtoken. Allowed: ${Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('')}`;

test.each([
  ['nothing', undefined, LENGTH],
  ['an empty one', '', LENGTH],
  ['256 characters', 'x'.repeat(256), LENGTH],
  ['a space', 'a b', CHARACTERS],
  ['a trailing space', 'ab ', CHARACTERS],
  ['a newline', 'a\nb', CHARACTERS],
  ['an umlaut', 'ü', CHARACTERS],
  ['256 umlauts: characters before length', 'ü'.repeat(256), CHARACTERS],
])('should 400 for %s as the new token and keep the current one', async (_what, value, message) => {
  appliance = await startTestDaemon();
  const call = appliance.signed('POST', '/setup');
  const { status, body } = await (value === undefined ? call : call.field('newtoken', value));
  expect([status, body]).toEqual([400, { Status: '400 Bad Request', 'Error-Message': message }]);
  expect(await appliance.read(appliance.paths.apiToken)).toBe(`${TOKEN}\n`);
});

test.each([
  ['an unknown text field', 'colour', 'red', 'Unknown field: colour. Allowed: newtoken'],
  [
    'text over 4 KiB',
    'newtoken',
    'x'.repeat(4097),
    'Invalid field: newtoken. Allowed: at most 4096 bytes of text',
  ],
  ['an unprintable name', 'col\tour', 'red', 'Unknown field: col?our. Allowed: newtoken'],
])('should 400 %s', async (_what, name, value, message) => {
  appliance = await startTestDaemon({ token: null });
  const { status, body, headers } = await appliance.call('POST', '/setup').field(name, value);
  expect([status, (body as Record<string, string>)['Error-Message']]).toEqual([400, message]);
  expect(headers['error-message']).toBe(message);
});

test('should 400 a file where text belongs, and a field that is sent twice', async () => {
  appliance = await startTestDaemon({ token: null });
  const file = await appliance.call('POST', '/setup').attach('newtoken', Buffer.from('abc'), 'token.txt');
  expect(file.body).toMatchObject({
    'Error-Message': 'Invalid field: newtoken. Expected text, got a file',
  });
  const twice = await appliance.call('POST', '/setup').field('newtoken', 'a').field('newtoken', 'b');
  expect(twice.body).toMatchObject({
    'Error-Message': 'Invalid field: newtoken. It was sent more than once',
  });
});

describe('first run', () => {
  const configuration = JSON.stringify({ 'first-run': { enabled: true, 'word-length': 4 } });
  const start = (settings = {}) =>
    startTestDaemon({
      token: null,
      settings,
      prepare: ({ paths, write }) => write(paths.endpointConfiguration, configuration),
    });

  test('should ask for the passphrase before anything else works', async () => {
    appliance = await start();
    const { paths, read } = appliance;
    const passphrase = (await read(paths.apiTokenSetup)).trim();
    expect(passphrase).toMatch(/^[a-z]+(-[a-z]+){3,}$/);
    expect(await read(paths.apiToken)).toBe(`${passphrase}\n`);
    for (const file of [paths.apiToken, paths.apiTokenSetup])
      expect((await stat(file)).mode & 0o777).toBe(0o600);

    const early = await appliance.call('GET', `/endpoints?token=${passphrase}`);
    expect([early.status, early.text]).toEqual([
      403,
      '{"Status":"403 Forbidden","Error-Message":"Authentication error","First-Run":true}',
    ]);
    expect(await read(paths.auditLog)).toMatch(/token\.firstrun\.failed,"api\/v1\/admin\/endpoints"/);
    expect(await answer(appliance.call('POST', '/setup').field('newtoken', 'stolen'))).toEqual(REFUSED);

    expect(
      await answer(appliance.call('POST', `/setup?token=${passphrase}`).field('newtoken', 'mine')),
    ).toEqual(OK);
    expect(await read(paths.apiTokenSetup)).toBe('');
    expect((await appliance.call('GET', '/endpoints?token=mine')).status).toBe(200);
    expect((await appliance.call('GET', '/endpoints')).text).toBe(
      '{"Status":"403 Forbidden","Error-Message":"Authentication error","First-Run":false}',
    );
  });

  test('should tell of strangers in the audit log no more often than wrong tokens are allowed', async () => {
    appliance = await start({ authFailuresPerMinute: 3 });
    const { paths, read } = appliance;
    const passphrase = (await read(paths.apiTokenSetup)).trim();
    for (let round = 0; round < 10; round += 1) {
      expect((await appliance.call('GET', '/endpoints')).status).toBe(403);
    }
    expect((await read(paths.auditLog)).match(/token\.firstrun\.failed/g)).toHaveLength(3);
    expect(
      await answer(appliance.call('POST', `/setup?token=${passphrase}`).field('newtoken', 'mine')),
    ).toEqual(OK);
  });
});
