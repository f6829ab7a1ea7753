import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { journalOf } from '../../src/config/paths.js';
import {
  attachCerts,
  createAuthority,
  signWithDates,
  type TestAuthority,
  type TestPair,
} from '../support/certificates.js';
import { startTestDaemon, type TestDaemon } from '../support/daemon.js';
import { poll } from '../support/poll.js';
import { servedFingerprint } from '../support/served-certificate.js';
import { describeWith } from '../support/tools.js';

type Files = Readonly<Record<string, string | Buffer>>;

let authority: TestAuthority;
let appliance: TestDaemon;
beforeAll(async () => {
  authority = await createAuthority();
  appliance = await startTestDaemon({
    settings: { healthIntervalMs: 0, certificateCheckIntervalMs: 3_600_000 },
    prepare: ({ paths, write }) =>
      write(paths.endpointConfiguration, '{"endpoints":["certs"],"parameters":["public","private","ca"]}'),
  });
});
afterAll(async () => {
  await appliance.stop();
  await authority.remove();
});
beforeEach(() => rm(appliance.paths.certsLog, { force: true }));

const send = (files: Files, name?: (field: string) => string) =>
  attachCerts(appliance.signed('POST', '/certs'), files, name);
const status = async () =>
  (await appliance.signed('GET', '/certs')).body as { status: string | null; log: string | null };
const lines = async () => (await appliance.read(appliance.paths.certsLog)).trimEnd().split('\n');
const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;
const served = () => servedFingerprint(appliance.daemon.port ?? 0);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const pki = () => {
  const { tlsPrivateKey, tlsCertificate, tlsBundle, tlsCa, caBundle } = appliance.paths;
  const files = { tlsPrivateKey, tlsCertificate, tlsBundle, tlsCa, caBundle };
  return Promise.all(
    Object.entries(files).map(async ([name, file]) => [name, await appliance.read(file).catch(() => '')]),
  ).then((entries) => Object.fromEntries(entries) as Record<keyof typeof files, string>);
};

/** Sends the files and waits for the end. @returns status and log */
async function change(files: Files, name?: (field: string) => string) {
  expect((await send(files, name)).status).toBe(202);
  const state = await poll('the job ends', async () => {
    const current = (await status()).status;
    return current !== 'running' && current;
  });
  return { state, log: await lines() };
}

const PREFIX = String.raw`^\[\d+\]\[SYSTEM\] `;
const FIRST = expect.stringMatching(`${PREFIX}Validating and adding TLS certificates$`) as string;
const SUCCESS = expect.stringMatching(`${PREFIX}Add TLS certificates successful$`) as string;
const FAILURE = expect.stringMatching(`${PREFIX}Invalid or missing TLS certificate files$`) as string;
const DRY_RUN = 'Dry-run TLS certificate: TLSv1.3, TLS_AES_256_GCM_SHA384';
const CHECKING = ['Checking public key: appliance.pem', 'Checking private key: appliance.key'];
const hashes = (hash: string, privateHash = hash) => [
  `Public key SHA256 hash:  ${hash}  -`,
  `Private key SHA256 hash: ${privateHash}  -`,
];
const hashLines = [
  expect.stringMatching(/^Public key SHA256 hash: {2}[0-9a-f]{64} {2}-$/) as string,
  expect.stringMatching(/^Private key SHA256 hash: [0-9a-f]{64} {2}-$/) as string,
];
const tls = (log: readonly string[], ...extra: readonly string[]) => [
  FIRST,
  ...CHECKING,
  ...log,
  ...extra,
  DRY_RUN,
  SUCCESS,
];

describeWith('openssl')('certs', () => {
  test('should answer null values before the first change', async () => {
    expect((await appliance.signed('GET', '/certs')).text).toBe('{"status":null,"log":null}');
  });

  describe('a pair with its authority', () => {
    let root: TestPair;
    let pair: TestPair;
    beforeAll(async () => {
      root = await authority.issue('root', { isCa: true });
      pair = await authority.issue('host', { kind: 'rsa', issuer: root });
    });

    test('should be accepted, logged, written and served', async () => {
      await appliance.write(appliance.paths.systemCaBundles[1] ?? '', 'the authorities of the system');
      const answer = await send({ public: pair.certificate, private: pair.key, ca: root.certificate });
      expect([answer.status, answer.headers.location, answer.text]).toEqual([
        202,
        '/api/v1/admin/certs',
        '{"Status":"202 Accepted","Location":"/api/v1/admin/certs"}',
      ]);
      await poll('the job ends', async () => (await status()).status === 'success');
      const modulus = await authority.openssl(['x509', '-noout', '-modulus'], pair.certificate);
      const log = await lines();
      expect(log).toEqual(tls(hashes(sha256(modulus)), 'Checking CA certificate: ca.pem'));
      expect(await status()).toEqual({ status: 'success', log: `${log.join('\\n')}\\n` });
      expect(await served()).toBe(fingerprint(pair.certificate));
      expect(await pki()).toEqual({
        tlsPrivateKey: pair.key,
        tlsCertificate: pair.certificate,
        tlsBundle: pair.key + pair.certificate + root.certificate,
        tlsCa: root.certificate,
        caBundle: `the authorities of the system\n${root.certificate}`,
      });
      const { paths } = appliance;
      const mode = async (file: string) => (await stat(file)).mode & 0o777;
      for (const file of [paths.tlsPrivateKey, paths.tlsCertificate, paths.tlsBundle, paths.tlsCa])
        expect(await mode(file)).toBe(0o640);
      for (const file of [paths.caBundle, paths.certsLog, paths.certsStatus])
        expect(await mode(file)).toBe(0o644);
      expect(await appliance.read(paths.certsStatus)).toBe('success\n');
      expect(await appliance.read(paths.auditLog)).toMatch(/,web,admin,certs\.post,"",127\.0\.0\.1\n$/);
      expect(await readdir(paths.uploads)).toEqual([]);
      await poll('the change is ended', () => Promise.resolve(!existsSync(journalOf(paths, 'certs'))));
      for (const file of [paths.tlsBundle, paths.tlsCertificate, paths.tlsPrivateKey, paths.tlsCa])
        expect((await readdir(dirname(file))).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    test('without ca the authority in place stays as it is, and is not served', async () => {
      const next = await authority.issue('next', { issuer: root });
      await appliance.write(appliance.paths.caBundle, "the vendor's own");
      expect((await change({ public: next.certificate, private: next.key })).state).toBe('success');
      expect(await pki()).toMatchObject({
        tlsBundle: next.key + next.certificate,
        tlsCa: root.certificate,
        caBundle: "the vendor's own",
      });
    });
  });

  describe('keys', () => {
    const pkcs1 = (key: string) => authority.openssl(['rsa', '-traditional'], key);
    const sec1 = (key: string) => authority.openssl(['ec'], key);
    const same = (key: string) => Promise.resolve(key);

    test.each([
      ['RSA, PKCS#1', 'rsa', pkcs1],
      ['RSA, PKCS#8', 'rsa', same],
      ['EC, SEC1', 'ec', sec1],
      ['EC, PKCS#8', 'ec', same],
    ] as const)('%s should be served, stored as sent, its hash as openssl prints it', async (_, kind, as) => {
      const pair = await authority.issue('keys', { kind });
      const key = await as(pair.key);
      const { state, log } = await change({ public: pair.certificate, private: key });
      const option = kind === 'rsa' ? '-modulus' : '-pubkey';
      const printed = await authority.openssl(['x509', '-noout', option], pair.certificate);
      expect([state, log]).toEqual(['success', tls(hashes(sha256(printed)))]);
      expect(await served()).toBe(fingerprint(pair.certificate));
      const { tlsPrivateKey, tlsBundle } = await pki();
      expect([tlsPrivateKey, tlsBundle]).toEqual([key, key + pair.certificate]);
    });

    test('CRLF, text before the blocks and parameters beside the key should be left out', async () => {
      const pair = await authority.issue('crlf');
      const text = await authority.openssl(['x509', '-text'], pair.certificate);
      const parameters = await authority.openssl(['ecparam', '-name', 'prime256v1']);
      const key = await sec1(pair.key);
      const crlf = (pem: string) => pem.replaceAll('\n', '\r\n');
      const { state } = await change({ public: crlf(text), private: crlf(parameters + key) });
      expect(state).toBe('success');
      expect(await pki()).toMatchObject({ tlsPrivateKey: key, tlsBundle: key + pair.certificate });
    });

    test('one file that holds both may be sent for both, under one name', async () => {
      const pair = await authority.issue('both');
      const both = pair.key + pair.certificate;
      expect((await change({ public: both, private: both }, () => 'host.pem')).state).toBe('success');
      expect((await pki()).tlsBundle).toBe(both);
    });
  });

  describe('dates', () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000);
    const dated = async (from: number, to: number) => {
      const key = await authority.key('rsa', 'dates');
      const certificate = signWithDates(key, day(from), day(to));
      const dates = await authority.openssl(['x509', '-noout', '-dates'], certificate);
      const [notBefore = '', notAfter = ''] = dates.trim().split('\n');
      return { key, certificate, notBefore, notAfter };
    };

    test('an expired pair should be warned of and served', async () => {
      const { key, certificate, notAfter } = await dated(-20, -10);
      const { state, log } = await change({ public: certificate, private: key, ca: certificate });
      const warnings = [
        `WARNING: TLS Certificate is expired: ${notAfter}`,
        'Certificate will expire',
        'Checking CA certificate: ca.pem',
        `WARNING: CA Certificate is expired: ${notAfter}`,
        'Certificate will expire',
      ];
      expect([state, log]).toEqual(['success', tls(hashLines, ...warnings)]);
      expect(await served()).toBe(fingerprint(certificate));
    });

    test('a pair that ends tomorrow should be served without a warning', async () => {
      const { key, certificate } = await dated(-1, 1);
      const { state, log } = await change({ public: certificate, private: key });
      expect([state, log]).toEqual(['success', tls(hashLines)]);
    });

    test('a pair that is not yet valid should be warned of and served', async () => {
      const { key, certificate, notBefore } = await dated(10, 20);
      const { state, log } = await change({ public: certificate, private: key });
      const warning = `WARNING: TLS Certificate is not yet valid: ${notBefore}`;
      expect([state, log]).toEqual(['success', tls(hashLines, warning)]);
    });
  });

  describe('chains', () => {
    let root: TestPair;
    let upper: TestPair;
    let lower: TestPair;
    let pair: TestPair;
    beforeAll(async () => {
      root = await authority.issue('chain root', { isCa: true });
      upper = await authority.issue('upper', { issuer: root, isCa: true });
      lower = await authority.issue('lower', { issuer: upper, isCa: true });
      pair = await authority.issue('leaf', { issuer: lower });
    });

    test.each([
      ['root', () => root],
      ['intermediate without its root', () => upper],
      ['issuer', () => lower],
    ])('in the wrong order should be put right, whether ca is the %s', async (_, ca) => {
      const mixed = upper.certificate + pair.certificate + lower.certificate;
      const { state } = await change({ public: mixed, private: pair.key, ca: ca().certificate });
      expect(state).toBe('success');
      const ordered = pair.certificate + lower.certificate + upper.certificate;
      expect(await pki()).toMatchObject({
        tlsCertificate: ordered,
        tlsBundle: pair.key + ordered + ca().certificate,
        tlsCa: ca().certificate,
      });
      expect(await served()).toBe(fingerprint(pair.certificate));
    });

    test('the authorities should follow in order, and be trusted all together', async () => {
      const ca = root.certificate + lower.certificate + upper.certificate;
      const { state } = await change({ public: pair.certificate, private: pair.key, ca });
      expect(state).toBe('success');
      const ordered = lower.certificate + upper.certificate + root.certificate;
      expect(await pki()).toMatchObject({ tlsBundle: pair.key + pair.certificate + ordered });
    });

    test('a self-signed certificate may be its own authority', async () => {
      const own = await authority.issue('own');
      const { state } = await change({ public: own.certificate, private: own.key, ca: own.certificate });
      expect(state).toBe('success');
    });
  });

  describe('bad input leaves the old pair serving', () => {
    let old: TestPair;
    let pair: TestPair;
    let rsa: TestPair;
    beforeAll(async () => {
      old = await authority.issue('old');
      pair = await authority.issue('new');
      rsa = await authority.issue('new rsa', { kind: 'rsa' });
      expect((await change({ public: old.certificate, private: old.key })).state).toBe('success');
    });

    const der = (pem: string) => Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
    const encrypted = (...args: string[]) => authority.openssl([...args, '-passout', 'pass:secret'], rsa.key);
    const garbage = (byte: string) => byte.repeat(1024 * 1024);
    const damaged = (pem: string) => pem.replace(/\n.{64}\n/, '\n');
    const PUBLIC = CHECKING.slice(0, 1);

    test.each<[string, () => Promise<Files> | Files, readonly string[], string]>([
      [
        'a key for another certificate',
        () => ({ public: pair.certificate, private: old.key }),
        [...CHECKING, ...hashLines],
        'Public/private key SHA256 hash mismatch',
      ],
      [
        'a key of another type',
        () => ({ public: pair.certificate, private: rsa.key }),
        [...CHECKING, ...hashLines],
        'Public/private key SHA256 hash mismatch',
      ],
      [
        'swapped files',
        () => ({ public: pair.key, private: pair.certificate }),
        PUBLIC,
        'Invalid file: appliance.pem. It holds PRIVATE KEY, but no certificate',
      ],
      [
        'the certificate in place of the key',
        () => ({ public: pair.certificate, private: pair.certificate }),
        CHECKING,
        'Invalid file: appliance.key. It holds CERTIFICATE, but no private key',
      ],
      [
        'an encrypted PKCS#8 key',
        async () => ({ public: rsa.certificate, private: await encrypted('pkcs8', '-topk8') }),
        CHECKING,
        'Invalid file: appliance.key. The private key is encrypted. Allowed: a key without passphrase',
      ],
      [
        'an encrypted traditional key',
        async () => ({ public: rsa.certificate, private: await encrypted('rsa', '-traditional', '-aes128') }),
        CHECKING,
        'Invalid file: appliance.key. The private key is encrypted. Allowed: a key without passphrase',
      ],
      [
        'two keys',
        () => ({ public: pair.certificate, private: pair.key + old.key }),
        CHECKING,
        'Invalid file: appliance.key. It holds more than one private key',
      ],
      [
        'an Ed25519 pair',
        async () => {
          const { certificate, key } = await authority.issue('ed', { kind: 'ed25519' });
          return { public: certificate, private: key };
        },
        CHECKING,
        'Invalid file: appliance.key. Its key is of type ed25519. Allowed: rsa, ec',
      ],
      [
        'an Ed25519 certificate',
        async () => ({
          public: (await authority.issue('ed', { kind: 'ed25519' })).certificate,
          private: pair.key,
        }),
        CHECKING,
        'Invalid file: appliance.pem. Its key is of type ed25519. Allowed: rsa, ec',
      ],
      [
        'a DSA key',
        async () => ({ public: pair.certificate, private: await authority.key('dsa') }),
        CHECKING,
        expect.stringMatching(/^Invalid file: appliance\.key\. .*dsa.* Allowed: rsa, ec$/i) as string,
      ],
      [
        'an OpenSSH key',
        () => ({ public: pair.certificate, private: pair.key.replaceAll('PRIVATE', 'OPENSSH PRIVATE') }),
        CHECKING,
        'Invalid file: appliance.key. It holds OPENSSH PRIVATE KEY. Allowed: RSA and EC keys',
      ],
      [
        'a damaged key',
        () => ({ public: pair.certificate, private: damaged(pair.key) }),
        CHECKING,
        'Invalid file: appliance.key. The private key cannot be read',
      ],
      [
        'a damaged certificate',
        () => ({ public: old.certificate + damaged(pair.certificate), private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. Certificate 2 of 2 cannot be read',
      ],
      [
        'a certificate cut short',
        () => ({ public: pair.certificate.slice(0, 200), private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. Its PEM text is damaged. Expected a certificate',
      ],
      [
        'another authority',
        async () => ({
          public: pair.certificate,
          private: pair.key,
          ca: (await authority.issue('another', { isCa: true })).certificate,
        }),
        [...CHECKING, ...hashLines, 'Checking CA certificate: ca.pem'],
        'Invalid file: ca.pem. It has not issued the certificate in appliance.pem',
      ],
      [
        'an authority whose name alone is the right one',
        async () => {
          const real = await authority.issue('twin', { isCa: true });
          const { certificate, key } = await authority.issue('child', { issuer: real });
          const twin = await authority.issue('twin', { kind: 'rsa', isCa: true });
          return { public: certificate, private: key, ca: twin.certificate };
        },
        [...CHECKING, ...hashLines, 'Checking CA certificate: ca.pem'],
        'Invalid file: ca.pem. It has not issued the certificate in appliance.pem',
      ],
      [
        'an issuer that is no authority',
        async () => {
          const issuer = await authority.issue('middle', { issuer: pair });
          const { certificate, key } = await authority.issue('below', { issuer });
          return { public: certificate, private: key, ca: issuer.certificate };
        },
        [...CHECKING, ...hashLines, 'Checking CA certificate: ca.pem'],
        'Invalid file: ca.pem. It has not issued the certificate in appliance.pem',
      ],
      [
        'a key in place of the authority',
        () => ({ public: pair.certificate, private: pair.key, ca: pair.key }),
        [...CHECKING, ...hashLines, 'Checking CA certificate: ca.pem'],
        'Invalid file: ca.pem. It holds PRIVATE KEY, but no certificate',
      ],
      [
        'a key too short to be served',
        async () => {
          const { certificate, key } = await authority.issue('short', { kind: 'rsa512' });
          return { public: certificate, private: key };
        },
        [...CHECKING, ...hashLines],
        'Dry-run TLS certificate: failed, ee key too small',
      ],
      [
        'DER',
        () => ({ public: der(pair.certificate), private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. It is binary. Expected a certificate in PEM format',
      ],
      [
        'a key in DER',
        () => ({ public: pair.certificate, private: der(rsa.key) }),
        CHECKING,
        'Invalid file: appliance.key. It is binary. Expected a private key in PEM format',
      ],
      [
        'an empty file',
        () => ({ public: '', private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. It is empty',
      ],
      ...['x', ' ', '\n', '-'].map((byte): [string, () => Files, readonly string[], string] => [
        `a megabyte of ${JSON.stringify(byte)}`,
        () => ({ public: garbage(byte), private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. It is no PEM text. Expected a certificate in PEM format',
      ]),
      [
        'a megabyte of beginnings',
        () => ({ public: '-----BEGIN CERTIFICATE-----\n'.repeat(37_000), private: pair.key }),
        PUBLIC,
        'Invalid file: appliance.pem. Its PEM text is damaged. Expected a certificate',
      ],
      [
        'a megabyte of small certificates',
        () => ({
          public: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'.repeat(15_000),
          private: pair.key,
        }),
        PUBLIC,
        'Invalid file: appliance.pem. It holds 15000 certificates. Allowed: at most 250',
      ],
    ])('%s', async (_what, files, log, fault) => {
      const before = await pki();
      const result = await change(await files());
      expect(result).toEqual({ state: 'failed', log: [FIRST, ...log, fault, FAILURE] });
      expect(await pki()).toEqual(before);
      expect(await served()).toBe(fingerprint(old.certificate));
      expect(await readdir(appliance.paths.uploads)).toEqual([]);
    });

    test.each([
      ['public', 'private'],
      ['private', 'public'],
    ])('400 that names a missing %s', async (missing, sent) => {
      const answer = await send({ [sent]: pair.certificate });
      expect([answer.status, answer.text]).toEqual([
        400,
        `{"Status":"400 Bad Request","Error-Message":"Missing field: ${missing}. Expected a file"}`,
      ]);
      expect(await readdir(appliance.paths.uploads)).toEqual([]);
    });

    test('413 for a file of 10 MB', async () => {
      const answer = await send({ public: pair.certificate, private: 'x'.repeat(10_000_000) });
      expect(answer.status).toBe(413);
      expect(answer.text).toContain('Invalid field: private. Allowed: at most 1048576 bytes');
      expect(await readdir(appliance.paths.uploads)).toEqual([]);
    });
  });
});

describeWith('openssl')('certs where the configuration does not name it', () => {
  test.each([
    ['no field is known', '{"endpoints":["certs"]}', 400, 'Unknown field: public. Allowed: none'],
    [
      'ca is an unknown field',
      '{"endpoints":["certs"],"parameters":["public","private"]}',
      400,
      'Unknown field: ca. Allowed: public, private',
    ],
    ['the endpoint is not there', '{"endpoints":["settings"]}', 404, '{"Status":"404 Not Found"}'],
  ])('%s', async (_, configuration, code, text) => {
    const other = await startTestDaemon({
      prepare: ({ paths, write }) => write(paths.endpointConfiguration, configuration),
    });
    try {
      const answer = await attachCerts(other.signed('POST', '/certs'), {
        public: 'x',
        private: 'x',
        ca: 'x',
      });
      expect([answer.status, answer.text]).toEqual([code, expect.stringContaining(text)]);
    } finally {
      await other.stop();
    }
  });
});
