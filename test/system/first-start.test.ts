import { X509Certificate } from 'node:crypto';
import { createAppliance, type TestAppliance } from '../support/appliance.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';
import { servedFingerprint } from '../support/served-certificate.js';

let appliance: TestAppliance;
let daemons: readonly DaemonProcess[] = [];
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info', certificateCheckIntervalMs: 100 });
});
afterEach(async () => {
  await Promise.all(daemons.map((daemon) => daemon.kill('SIGTERM')));
  await appliance.remove();
});

test('daemons that start at once on a new appliance serve one pair: the one on the disk', async () => {
  daemons = await Promise.all([1, 2, 3].map(() => startDaemonProcess(appliance)));
  const { paths, read } = appliance;
  const fingerprintIn = async (file: string) => {
    const [pem = ''] = /-----BEGIN CERTIFICATE-----[^]*/.exec(await read(file)) ?? [];
    return new X509Certificate(pem).fingerprint256;
  };
  const stored = await fingerprintIn(paths.tlsBundle);
  expect([await fingerprintIn(paths.tlsCertificate), (await read(paths.selfSigned)).trim()]).toEqual([
    stored,
    stored,
  ]);
  expect((await read(paths.tlsBundle)).startsWith(await read(paths.tlsPrivateKey))).toBe(true);
  await poll('all serve it', async () => {
    const served = await Promise.all(daemons.map(({ port }) => servedFingerprint(port)));
    return served.every((fingerprint) => fingerprint === stored);
  });
});
