import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { journalOf, sftpUploads } from '../../src/config/paths.js';
import { createAppliance, EVERYTHING, type TestAppliance } from '../support/appliance.js';
import { createAuthority, type TestAuthority, type TestPair } from '../support/certificates.js';
import { startDaemonProcess } from '../support/daemon-process.js';
import { faultAt } from '../support/faulty-file.js';
import { poll } from '../support/poll.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { describeWith } from '../support/tools.js';

type PairFile = 'tlsBundle' | 'tlsPrivateKey' | 'tlsCertificate';

const FILES: readonly PairFile[] = ['tlsBundle', 'tlsPrivateKey', 'tlsCertificate'];

let authority: TestAuthority;
let old: TestPair;
let next: TestPair;
beforeAll(async () => {
  authority = await createAuthority();
  const root = await authority.issue('root', { isCa: true });
  old = await authority.issue('old', { issuer: root });
  next = await authority.issue('new', { issuer: root });
});
afterAll(() => authority.remove());

let appliance: TestAppliance;
beforeEach(async () => {
  appliance = await createAppliance({ logLevel: 'info', certificateCheckIntervalMs: 100 });
  await appliance.write(appliance.paths.endpointConfiguration, EVERYTHING);
});
afterEach(() => appliance.remove());

const killedAt = (file: string, nth?: number) => faultAt({ file, effect: 'SIGKILL', nth });

async function putInPlace(hasBundle: boolean): Promise<void> {
  const { paths, write } = appliance;
  await write(paths.tlsPrivateKey, old.key);
  await write(paths.tlsCertificate, old.certificate);
  if (hasBundle) await write(paths.tlsBundle, old.key + old.certificate);
  const uploads = sftpUploads(paths);
  await write(uploads.certsPrivate, next.key);
  await write(uploads.certsPublic, next.certificate);
}

/** The job is killed; who has started it is not. */
async function runJob(killer: readonly string[]): Promise<void> {
  const [program, ...args] = [...killer, process.execPath, resolve('dist/cli.js'), 'ssh-command'];
  const env = { ...process.env, ADMIND_ROOT: appliance.root, SSH_ORIGINAL_COMMAND: 'certs' };
  const [status] = (await once(spawn(program, args, { env, stdio: 'ignore' }), 'exit')) as [number | null];
  expect(status).toBe(1);
  expect(existsSync(journalOf(appliance.paths, 'certs'))).toBe(true);
}

async function expectOldAfterStart(hasBundle: boolean): Promise<void> {
  const { paths, read } = appliance;
  const daemon = await startDaemonProcess(appliance);
  try {
    const { fingerprint256 } = new X509Certificate(old.certificate);
    await poll(
      'the old pair is served',
      async () => (await servedFingerprint(daemon.port)) === fingerprint256,
    );
    await poll('the change is ended', () => Promise.resolve(!existsSync(journalOf(paths, 'certs'))));
    const files = await Promise.all([paths.tlsPrivateKey, paths.tlsCertificate].map(read));
    expect(files).toEqual([old.key, old.certificate]);
    expect(existsSync(paths.tlsBundle)).toBe(hasBundle);
  } finally {
    await daemon.kill('SIGTERM');
  }
}

describeWith('openssl').each([
  ['key and certificate in their own files', false],
  ['a bundle, too', true],
])('an appliance with %s starts, and gets its old pair back', (_what, hasBundle) => {
  test.each(FILES)('after a change that was cut off before %s', async (file) => {
    await putInPlace(hasBundle);
    await runJob(killedAt(appliance.paths[file]));
    await expectOldAfterStart(hasBundle);
  });

  test.each(FILES)('after an undo that was cut off before %s', async (file) => {
    const { paths } = appliance;
    await putInPlace(hasBundle);
    // All is replaced, and about to be committed.
    await runJob(killedAt(journalOf(paths, 'certs'), 2));
    expect(await appliance.read(paths.tlsPrivateKey)).toBe(next.key);
    const daemon = await startDaemonProcess(appliance, { prefix: killedAt(paths[file]) });
    await poll('the runner that undoes it is killed', () =>
      Promise.resolve(/"reason":"[^"]*SIGKILL/.test(daemon.output())),
    );
    await daemon.kill('SIGKILL');
    await expectOldAfterStart(hasBundle);
  });
});
