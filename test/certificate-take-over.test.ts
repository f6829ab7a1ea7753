import { X509Certificate } from 'node:crypto';
import { createSelfSignedCertificate } from '../src/system/certificate.js';
import { writeFileAtomic } from '../src/system/atomic-file.js';
import { inject } from './faults/daemon/injection.js';
import { createAppliance, type TestAppliance } from './support/appliance.js';
import { startDaemonProcess } from './support/daemon-process.js';
import { poll } from './support/poll.js';
import { servedFingerprint } from './support/served-certificate.js';
import { testWith } from './support/tools.js';

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info', certificateCheckIntervalMs: 100 });
});
afterEach(() => appliance.remove());

testWith('strace')('a new pair that cannot be read for a moment is taken over all the same', async () => {
  const { tlsBundle } = appliance.paths;
  const daemon = await startDaemonProcess(appliance);
  try {
    const fault = { thread: 'pool', call: 'openat', errno: 'EIO', nth: 1, path: tlsBundle } as const;
    const injection = await inject(daemon.process.pid!, fault);
    const { key, certificate } = await createSelfSignedCertificate();
    await writeFileAtomic(tlsBundle, key + certificate, { mode: 0o600 });
    const told = () => daemon.output().match(/EIO: i\/o error/g)?.length ?? 0;
    await poll('it could not be read', () => Promise.resolve(told() > 0));
    const { fingerprint256 } = new X509Certificate(certificate);
    await poll('it is served', async () => (await servedFingerprint(daemon.port)) === fingerprint256);
    expect(await injection.end()).toBe('hit');
    expect(told()).toBe(1);
  } finally {
    await daemon.kill('SIGTERM');
  }
});
