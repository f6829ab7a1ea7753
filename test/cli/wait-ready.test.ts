import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSelfSignedCertificate } from '../../src/system/certificate.js';
import { startTestDaemon } from '../support/daemon.js';
import { admind } from './command-line.js';

test('it ends once the daemon is ready', async () => {
  const appliance = await startTestDaemon();
  try {
    expect(await admind(['wait-ready', '--url', appliance.url])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  } finally {
    await appliance.stop();
  }
});

test('it waits for one that is not ready yet, and says in the end what it saw', async () => {
  const { key, certificate: cert } = await createSelfSignedCertificate();
  let asked = 0;
  const server = createServer({ key, cert }, (_request, response) => {
    asked += 1;
    response.statusCode = asked === 3 ? 200 : 503;
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect((await admind(['wait-ready', '--url', url])).status).toBe(0);
    expect(asked).toBe(3);
    const { status, stderr } = await admind(['wait-ready', '--url', url, '--timeout', '1']);
    expect([status, stderr]).toEqual([1, `admind: ${url} is not ready after 1 seconds. Last: 503\n`]);
  } finally {
    server.close();
  }
  const { status, stderr } = await admind(['wait-ready', '--url', url, '--timeout', '0']);
  expect([status, stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
});

test.each([
  [['--timeout', 'soon'], '--timeout must be a whole number of seconds'],
  [['--url', 'http://127.0.0.1'], '--url must be an https URL'],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await admind(['wait-ready', ...args]);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});
