import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import forge from 'node-forge';
import { journalOf } from '../../src/config/paths.js';
import { createLogger } from '../../src/core/logger.js';
import { renewCertificate } from '../../src/operations/renew-certificate.js';
import { createSelfSignedCertificate } from '../../src/system/certificate.js';
import { completeSelfSigned, fingerprintOf } from '../../src/appliance/tls-certificate.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { copyProduct } from '../support/product-copy.js';
import { startProxyProgram } from '../support/proxy-program.js';
import { pretendToRun } from '../support/running-job.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { admind } from './command-line.js';

let appliance: TestDaemon;
beforeEach(async () => {
  appliance = await startTestDaemon({ settings: { certificateCheckIntervalMs: 100 } });
});
afterEach(() => appliance.stop());

const renew = (...args: readonly string[]) =>
  admind(['certificate', 'renew', '--root', appliance.root, ...args]);
const served = () => servedFingerprint(appliance.daemon.port ?? 0);
const bundle = () => appliance.read(appliance.paths.tlsBundle);

/** Makes the pair in place, which counts as the daemon's own, valid for the given days from now. */
async function replaceOwn(fromDays: number, toDays: number): Promise<void> {
  const { key, certificate: pem } = await createSelfSignedCertificate();
  const certificate = forge.pki.certificateFromPem(pem);
  certificate.validity.notBefore = new Date(Date.now() + fromDays * 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + toDays * 86_400_000);
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  const changed = forge.pki.certificateToPem(certificate);
  await writeFile(appliance.paths.tlsBundle, key + changed);
  await writeFile(appliance.paths.selfSigned, `${fingerprintOf(changed)}\n`);
}

test('show prints what openssl prints of the certificate that is served', async () => {
  const { stdout } = await admind(['certificate', 'show', '--root', appliance.root]);
  expect(stdout).toContain(`SHA-256: ${await served()}\n`);
});

test.each([
  ['that expires within a month', -300, 29, true],
  ['that has expired', -300, -1, true],
  ['made when the clock was ahead', 30, 300, true],
  ['that is good for longer', -300, 31, false],
  ['made when the clock was far ahead, but valid', -300, 40_000, false],
])('one %s', async (_what, fromDays, toDays, isRenewed) => {
  await replaceOwn(fromDays, toDays);
  const before = await bundle();
  expect(await renew()).toMatchObject({ status: 0, stderr: '' });
  expect((await bundle()) !== before).toBe(isRenewed);
  expect(existsSync(journalOf(appliance.paths, 'certs'))).toBe(false);
});

test('not because of a clock that is known to be wrong', async () => {
  await replaceOwn(-300, 300);
  const before = await bundle();
  const parts = { paths: appliance.paths, logger: createLogger('silent') };
  for (const year of [1970, 1980, 2001, 2025]) {
    expect(await renewCertificate(parts, false, Date.UTC(year, 0, 1))).toBe(false);
  }
  expect(await bundle()).toBe(before);
});

test('a clock that was ahead for a while costs one renewal, and its correction none', async () => {
  const parts = { paths: appliance.paths, logger: createLogger('silent') };
  expect(await renewCertificate(parts, false, Date.UTC(2040, 0, 1))).toBe(true);
  expect(await renewCertificate(parts)).toBe(false);
});

test('what a power cut kept from being written of the first one is written at the next start', async () => {
  const { tlsPrivateKey, tlsCertificate } = appliance.paths;
  const files = [tlsPrivateKey, tlsCertificate];
  const before = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  for (const file of files) await rm(file);
  await completeSelfSigned(appliance.paths);
  expect(await Promise.all(files.map((file) => readFile(file, 'utf8')))).toEqual(before);
});

test('clients are shown the new one without a restart', async () => {
  const before = await served();
  expect((await renew('--force')).stdout).toBe('The certificate was renewed\n');
  await poll('the new one is served', async () => (await served()) !== before);
  // The new one is known as the daemon's own.
  expect((await renew('--force')).stdout).toBe('The certificate was renewed\n');
});

test('a proxy on this machine is told to take it over', async () => {
  const proxy = await startProxyProgram(appliance.root, 'nginx');
  try {
    await appliance.write(join(appliance.root, 'run/nginx.pid'), `${proxy.pid}\n`);
    expect(await renew('--force')).toMatchObject({ stdout: 'The certificate was renewed\n', stderr: '' });
    expect((await proxy.signals.next()).value).toBe('HUP');
  } finally {
    proxy.kill();
  }
});

test('a proxy that does not take it over is told of, and the new one stays', async () => {
  const before = await served();
  const product = await copyProduct();
  try {
    await product.script('reload-tls-proxies.sh', 'echo nginx is unwell; exit 3\n');
    const { status, stdout, stderr } = await admind(
      ['certificate', 'renew', '--force', '--root', appliance.root],
      {},
      { product: product.directory },
    );
    expect([status, stdout]).toEqual([0, 'The certificate was renewed\n']);
    expect(stderr).toContain('reload-tls-proxies.sh ended with status 3. nginx is unwell');
  } finally {
    await product.remove();
  }
  await poll('the new one is served', async () => (await served()) !== before);
});

test('a certificate of another is never renewed, though it has expired', async () => {
  const { paths } = appliance;
  const record = await appliance.read(paths.selfSigned);
  await replaceOwn(-300, -1);
  await writeFile(paths.selfSigned, record);
  const before = await bundle();
  expect((await renew('--force')).stdout).toBe('The certificate stays\n');
  expect(await bundle()).toBe(before);
});

test('not while a certificate is being changed', async () => {
  const end = await pretendToRun('certs', appliance.paths);
  expect((await renew('--force')).stdout).toBe('The certificate stays\n');
  await end();
});

test('what it cannot do is a wrong usage', async () => {
  expect(await admind(['certificate', 'make'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Allowed: show, renew') as string,
  });
});
