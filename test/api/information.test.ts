import { rm, symlink } from 'node:fs/promises';
import { poll } from '../support/poll.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { testWithUnreadable, UNREADABLE } from '../support/unreadable-file.js';

let appliance: TestDaemon;
beforeAll(async () => {
  appliance = await startTestDaemon({
    settings: { healthIntervalMs: 0 },
    prepare: ({ paths, write }) => write(paths.endpointConfiguration, '{"endpoints":["nonsense"]}'),
  });
});
afterAll(() => appliance.stop());

const get = async (path: string) => {
  const { status, text, headers } = await appliance.signed('GET', path);
  return [status, headers['content-type'], text];
};
const NOT_FOUND = [404, 'application/json', '{"Status":"404 Not Found"}'];

describe('version', () => {
  test.each([
    ['1.0.0\n', '1.0.0'],
    ['2.0.0-rc1', '2.0.0-rc1'],
    ['1.2.3\nsecond line\n', '1.2.3'],
  ])('of %j should be %s', async (content, expected) => {
    await appliance.write(appliance.paths.version, content);
    expect(await get('/version')).toEqual([200, 'application/json', JSON.stringify({ version: expected })]);
  });

  test('should 404 without a version file', async () => {
    await rm(appliance.paths.version, { force: true });
    expect(await get('/version')).toEqual(NOT_FOUND);
  });
});

describe('changelog', () => {
  test('should come verbatim', async () => {
    await appliance.write(appliance.paths.changelog, '# Changelog\r\n\nünïcode');
    expect(await get('/changelog')).toEqual([200, 'text/plain', '# Changelog\r\n\nünïcode']);
  });

  test('should 404 without a file', async () => {
    await rm(appliance.paths.changelog, { force: true });
    expect(await get('/changelog')).toEqual(NOT_FOUND);
  });

  // A regular file of some size whose first read fails.
  testWithUnreadable('should 500 when it can be opened, but not be read', async () => {
    await rm(appliance.paths.changelog, { force: true });
    await symlink(UNREADABLE, appliance.paths.changelog);
    const { status, headers } = await appliance.signed('GET', '/changelog');
    expect([status, headers['content-type'], headers['last-modified']]).toEqual([
      500,
      'application/json',
      undefined,
    ]);
  });
});

describe.each(['build', 'health'] as const)('%s', (name) => {
  test('should come verbatim', async () => {
    await appliance.write(appliance.paths[name], '{ "a": 1 }\n');
    expect(await get(`/${name}`)).toEqual([200, 'application/json', '{ "a": 1 }\n']);
  });

  test.each(['', '{"a":', 'text'])('should 404 for a broken file: %j', async (content) => {
    await appliance.write(appliance.paths[name], content);
    expect(await get(`/${name}`)).toEqual(NOT_FOUND);
  });

  test('should 404 without a file', async () => {
    await rm(appliance.paths[name], { force: true });
    expect(await get(`/${name}`)).toEqual(NOT_FOUND);
  });
});

test('endpoints lists what is switched on, sorted', async () => {
  const { body } = (await appliance.signed('GET', '/endpoints')) as { body: { endpoints: string[] } };
  const names = [
    'build',
    'changelog',
    'debug',
    'endpoints',
    'health',
    'logs',
    'reboot',
    'services',
    'setup',
    'update',
    'version',
  ];
  expect(body).toEqual({ endpoints: [...names.map((name) => `/api/v1/admin/${name}`), '/docs'] });
});

test('/ leads to the reference, which everyone may read', async () => {
  const { status, headers } = await appliance.call('GET', '/');
  expect([status, headers.location]).toEqual([302, '/docs']);
  const docs = await appliance.call('GET', '/docs');
  expect([docs.status, docs.headers['content-type']]).toEqual([200, 'text/html']);
  expect(docs.text).toContain('/api/v1/admin/update/log');
  expect((await appliance.call('GET', '/docs')).text).toBe(docs.text);
});

test('the reference follows the endpoint configuration', async () => {
  const before = (await appliance.call('GET', '/docs')).text;
  await appliance.write(appliance.paths.endpointConfiguration, '{"endpoints":["license"]}');
  await appliance.daemon.reload();
  const after = (await appliance.call('GET', '/docs')).text;
  await appliance.write(appliance.paths.endpointConfiguration, '{"endpoints":["nonsense"]}');
  await appliance.daemon.reload();
  const isNamed = (text: string) => text.includes('/api/v1/admin/license');
  expect([before, after, (await appliance.call('GET', '/docs')).text].map(isNamed)).toEqual([
    false,
    true,
    false,
  ]);
});

test('health is kept fresh by the daemon, in the documented shape', async () => {
  const fresh = await startTestDaemon({ settings: { healthIntervalMs: 50 } });
  try {
    const health = await poll('health is there', async () => {
      const { status, body } = await fresh.signed('GET', '/health');
      return status === 200 && (body as unknown);
    });
    const usage = {
      used: expect.stringMatching(/^[\d.]+[KMGTP]?$/),
      total: expect.stringMatching(/^[\d.]+[KMGTP]?$/),
    };
    expect(health).toEqual({
      disk: { ...usage, percentage: expect.any(Number) },
      memory: { ...usage, percentage: expect.any(Number) },
      cpu: {
        num: expect.any(Number),
        load: expect.stringMatching(/^\d+\.\d\d, \d+\.\d\d, \d+\.\d\d$/),
        cpu5min: expect.any(Number),
      },
    });
  } finally {
    await fresh.stop();
  }
});
