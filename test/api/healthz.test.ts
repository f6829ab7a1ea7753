import { existsSync } from 'node:fs';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';

let appliance: TestDaemon;
afterEach(() => appliance.stop());

test('it says ready, and nothing else, to whoever asks', async () => {
  appliance = await startTestDaemon();
  const response = await appliance.call('GET', '/healthz');
  expect([response.status, response.text]).toEqual([200, '{"status":"ready"}']);
  expect((await appliance.call('HEAD', '/healthz')).status).toBe(200);
  expect((await appliance.call('POST', '/healthz')).status).toBe(400);
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
