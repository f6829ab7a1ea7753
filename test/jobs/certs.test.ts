import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { journalOf } from '../../src/config/paths.js';
import { certsJob } from '../../src/jobs/certs.js';
import { readJobStatus } from '../../src/records/job-status.js';
import { createAppliance, EVERYTHING, type TestAppliance, TOKEN } from '../support/appliance.js';
import { CAMPAIGN_ROUNDS } from '../support/campaign-rounds.js';
import { attachCerts, createAuthority, type TestAuthority, type TestPair } from '../support/certificates.js';
import { startDaemonProcess, type DaemonProcess } from '../support/daemon-process.js';
import { poll } from '../support/poll.js';
import { copyProduct, type ProductCopy } from '../support/product-copy.js';
import { startProxyProgram, type ProxyProgram } from '../support/proxy-program.js';
import { connectTls, servedFingerprint } from '../support/served-certificate.js';
import { fillDisk, mountTmpfs } from '../support/tmpfs.js';
import { testWithMount } from '../support/test-with-mount.js';
import { describeWith } from '../support/tools.js';

let authority: TestAuthority;
let product: ProductCopy;
let old: TestPair;
let pair: TestPair;
beforeAll(async () => {
  authority = await createAuthority();
  product = await copyProduct();
  const root = await authority.issue('root', { isCa: true });
  old = await authority.issue('old', { issuer: root });
  pair = await authority.issue('new', { issuer: root });
});
afterAll(async () => {
  await product.remove();
  await authority.remove();
});

let appliance: TestAppliance;
let daemon: DaemonProcess;
beforeEach(async () => {
  appliance = await createAppliance({
    logLevel: 'info',
    certificateCheckIntervalMs: 100,
    settleIntervalMs: 50,
  });
  const { paths, write } = appliance;
  await write(paths.apiToken, TOKEN);
  await write(paths.endpointConfiguration, EVERYTHING);
  await write(paths.tlsBundle, old.key + old.certificate);
  await write(paths.tlsPrivateKey, old.key);
  await write(paths.tlsCertificate, old.certificate);
});
afterEach(async () => {
  if (daemon.process.exitCode === null && daemon.process.signalCode === null) await daemon.kill('SIGTERM');
  await appliance.remove();
});

const start = async (directory = '.') => {
  daemon = await startDaemonProcess(appliance, { product: directory });
};
const send = ({ certificate, key }: TestPair) =>
  attachCerts(daemon.call('post', '/certs'), { public: certificate, private: key });
const state = async () => (await readJobStatus(certsJob.status(appliance.paths))).fields.status;
const ended = () =>
  poll('the job ends', async () => {
    const current = await state();
    return current !== 'running' && current;
  });
const served = () => servedFingerprint(daemon.port);
const fingerprint = ({ certificate }: TestPair) => new X509Certificate(certificate).fingerprint256;
const becomesServed = (expected: TestPair) =>
  poll('the pair is served', async () => (await served()) === fingerprint(expected));
const log = () => appliance.read(appliance.paths.certsLog);
const runner = () => {
  const pids = [...daemon.output().matchAll(/"runner":(\d+)/g)].map(([, pid]) => Number(pid));
  return pids.at(-1) ?? 0;
};
const killed = (pid: number) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
};

/** All of the pair's files, and nothing that a change has left. */
async function expectInPlace({ key, certificate }: TestPair): Promise<void> {
  const { paths, read } = appliance;
  const { tlsPrivateKey, tlsCertificate, tlsBundle } = paths;
  // What a change replaced is dropped after its success is published.
  await poll('the change is ended', () => Promise.resolve(!existsSync(journalOf(paths, 'certs'))));
  const files = await Promise.all([tlsPrivateKey, tlsCertificate, tlsBundle].map(read));
  expect(files).toEqual([key, certificate, key + certificate]);
  for (const directory of [...[tlsPrivateKey, tlsCertificate, tlsBundle].map(dirname), paths.uploads]) {
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  }
}

describeWith('openssl')('the listener', () => {
  test('takes the new pair over at once; a request in flight and its connection go on', async () => {
    await start();
    const slow = await connectTls(daemon.port);
    const body = `newtoken=${TOKEN}`;
    slow.write(
      `POST /api/v1/admin/setup?token=${TOKEN} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\n\r\n${body.slice(0, 9)}`,
    );
    expect((await send(pair)).status).toBe(202);
    await becomesServed(pair);
    const answers = slow[Symbol.asyncIterator]();
    slow.write(body.slice(9));
    expect(String((await answers.next()).value)).toContain('{"Status":"200 OK"}');
    slow.write(`GET /api/v1/admin/certs?token=${TOKEN} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(String((await answers.next()).value)).toContain('{"status":"success","log":"');
    expect(slow.getPeerCertificate().fingerprint256).toBe(fingerprint(old));
    slow.destroy();
  });

  test('serves what the job wrote after a restart, too', async () => {
    await start();
    await send(pair);
    expect(await ended()).toBe('success');
    await daemon.kill('SIGTERM');
    await start();
    expect(await served()).toBe(fingerprint(pair));
  });
});

describeWith('openssl')('proxies', () => {
  let proxy: ProxyProgram | undefined;
  afterEach(() => {
    proxy?.kill();
    proxy = undefined;
  });

  test.each([
    ['nginx', 'nginx.pid'],
    ['stunnel', 'stunnel4/stunnel.pid'],
  ])('%s is told to reload', async (name, file) => {
    proxy = await startProxyProgram(appliance.root, name);
    await appliance.write(join(appliance.root, 'run', file), `${proxy.pid}\n`);
    await start();
    await send(pair);
    expect(await ended()).toBe('success');
    expect((await proxy.signals.next()).value).toBe('HUP');
  });

  test('pid files that name no process of that program are left alone', async () => {
    const contents = ['', 'nonsense', '0', '-1', '1', String(process.pid), '4194304', '999999999999'];
    for (const [index, content] of contents.entries()) {
      await appliance.write(join(appliance.root, `run/nginx/${index}.pid`), content);
    }
    await start();
    await send(pair);
    expect(await ended()).toBe('success');
    expect(await log()).not.toContain('reload');
  });

  test('a reload that fails puts the old pair back, and reloads again', async () => {
    await product.script(
      'reload-tls-proxies.sh',
      'echo "reload" >> "$ADMIND_ROOT/reloads"; cat "$ADMIND_ROOT/usr/local/etc/pki/tls/enterprise.pem" >> "$ADMIND_ROOT/reloads"\n' +
        'echo "nginx is unwell"; exit 3\n',
    );
    await start(product.directory);
    await send(pair);
    expect(await ended()).toBe('failed');
    await expectInPlace(old);
    expect(await served()).toBe(fingerprint(old));
    const bundle = ({ key, certificate }: TestPair) => `reload\n${key}${certificate}`;
    expect(await appliance.read(join(appliance.root, 'reloads'))).toBe(bundle(pair) + bundle(old));
    expect(await log()).toMatch(
      new RegExp(
        'Dry-run TLS certificate: .*\n' +
          'nginx is unwell\n' +
          'Reloading the TLS proxies failed: reload-tls-proxies.sh ended with status 3\n' +
          'nginx is unwell\n' +
          '.* The previous state was put back, but the machine does not follow it: Reloading .* status 3\n' +
          '.* Invalid or missing TLS certificate files\n$',
      ),
    );
  });
});

describeWith('openssl')('while the job is at work', () => {
  const file = (name: string) => join(appliance.root, name);
  const letGo = () => writeFile(file('go'), '');

  /** The job waits in its last step: everything is replaced, nothing committed. */
  async function startToTheEnd(): Promise<void> {
    await product.script(
      'reload-tls-proxies.sh',
      'cd "$ADMIND_ROOT"; : > waiting; while ! [ -e go ]; do sleep 0.05; done\n',
    );
    await start(product.directory);
    expect((await send(pair)).status).toBe(202);
    await poll('the job waits', () => Promise.resolve(existsSync(file('waiting'))));
    expect(await appliance.read(appliance.paths.tlsPrivateKey)).toBe(pair.key);
  }

  test('a second one is refused, and the old pair is served until it succeeds', async () => {
    await startToTheEnd();
    const second = await send(old);
    expect([second.status, second.body]).toEqual([
      400,
      { Status: '400 Bad Request', 'Error-Message': 'Certs is already running' },
    ]);
    expect((await daemon.call('get', '/certs')).body).toMatchObject({ status: 'running' });
    expect(await served()).toBe(fingerprint(old));
    await letGo();
    expect(await ended()).toBe('success');
    await becomesServed(pair);
    await expectInPlace(pair);
  });

  test('a killed runner: the old pair is put back and served, the next job starts', async () => {
    await startToTheEnd();
    killed(runner());
    await letGo();
    expect(await ended()).toBe('failed');
    await expectInPlace(old);
    expect(await log()).toMatch(
      /Certs was cut off before it ended\n.* The previous state was put back\n.* Invalid or missing TLS certificate files\n$/,
    );
    expect(await served()).toBe(fingerprint(old));
    expect((await send(pair)).status).toBe(202);
    expect(await ended()).toBe('success');
    await becomesServed(pair);
  });

  test('a killed runner and a killed daemon: the next daemon puts the old pair back', async () => {
    await startToTheEnd();
    killed(runner());
    await daemon.kill('SIGKILL');
    await letGo();
    await start(product.directory);
    expect(await ended()).toBe('failed');
    await expectInPlace(old);
    await becomesServed(old);
  });
});

describeWith('openssl')('faults', () => {
  testWithMount('the disk is full: the old pair stays and is served', async () => {
    const directory = dirname(appliance.paths.tlsBundle);
    await rm(directory, { recursive: true });
    mountTmpfs(directory, '64k');
    try {
      await mkdir(directory, { recursive: true });
      const { paths, write } = appliance;
      await write(paths.tlsPrivateKey, old.key);
      await write(paths.tlsCertificate, old.certificate);
      await write(paths.tlsBundle, old.key + old.certificate);
      await start();
      await fillDisk(join(directory, 'fill'));
      await send(pair);
      expect(await ended()).toBe('failed');
      await expectInPlace(old);
      expect(await served()).toBe(fingerprint(old));
      expect(await log()).toMatch(/\nENOSPC: [^\n]*\n\[[^\n]* Invalid or missing TLS certificate files\n$/);
      await rm(join(directory, 'fill'));
      await send(pair);
      expect(await ended()).toBe('success');
    } finally {
      execFileSync('umount', ['--lazy', directory]);
    }
  });

  test(`kill -9 at a random moment, ${CAMPAIGN_ROUNDS} times: the old pair or the new one, and the status tells which`, async () => {
    await start();
    let current = old;
    for (let round = 0; round < CAMPAIGN_ROUNDS; round += 1) {
      const next = current === old ? pair : old;
      await rm(appliance.paths.certsLog, { force: true });
      expect((await send(next)).status).toBe(202);
      const withDaemon = round % 3 === 2;
      const exited = once(daemon.process, 'exit');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      killed(runner());
      if (withDaemon) {
        daemon.process.kill('SIGKILL');
        await exited;
        await start();
      }
      const outcome = await ended();
      current = outcome === 'success' ? next : current;
      const word = outcome === 'success' ? 'Add TLS certificates successful' : 'Invalid or missing TLS';
      expect(await log()).toContain(word);
      const journal = journalOf(appliance.paths, 'certs');
      await poll('the change is ended', () => Promise.resolve(!existsSync(journal)));
      await expectInPlace(current);
      await becomesServed(current);
    }
    expect((await send(pair)).status).toBe(202);
    expect(await ended()).toBe('success');
  }, 600_000);
});
