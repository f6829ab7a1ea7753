import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';

const run = promisify(execFile);

/** A key and its certificate as the openssl command makes them: PEM. */
export interface TestPair {
  readonly key: string;
  readonly certificate: string;
}

export type KeyKind = 'rsa' | 'rsa512' | 'ec' | 'ed25519' | 'dsa';

/** Makes keys and certificates with the openssl command, in a directory of its own. */
export interface TestAuthority {
  /** A private key, PKCS#8; the same one at each call. */
  key(kind: KeyKind, name?: string): Promise<string>;
  /** @param issuer signs it; default: itself */
  issue(name: string, options?: IssueOptions): Promise<TestPair>;
  /** What the openssl command prints. */
  openssl(args: readonly string[], input?: string): Promise<string>;
  remove(): Promise<void>;
}

export interface IssueOptions {
  readonly kind?: KeyKind;
  readonly issuer?: TestPair;
  readonly isCa?: boolean;
  readonly days?: number;
}

const GENERATE: Readonly<Record<KeyKind, readonly string[]>> = {
  rsa: ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa512: ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:512'],
  ec: ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ed25519: ['genpkey', '-algorithm', 'ED25519'],
  dsa: ['dsaparam', '-genkey', '-noout', '1024'],
};

export async function createAuthority(): Promise<TestAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-certificates-'));
  const keys = new Map<string, Promise<string>>();
  let count = 0;
  const store = async (content: string) => {
    const file = join(directory, String(count++));
    await writeFile(file, content);
    return file;
  };
  const openssl = async (args: readonly string[], input = '') => {
    const call = run('openssl', args);
    // One that reads no input may have ended by now.
    call.child.stdin?.on('error', () => undefined).end(input);
    return (await call).stdout;
  };
  const key = (kind: KeyKind, name = '') => {
    const known = keys.get(kind + name) ?? openssl(GENERATE[kind]);
    keys.set(kind + name, known);
    return known;
  };
  return {
    key,
    openssl,
    async issue(name, { kind = 'ec', issuer, isCa = false, days = 365 } = {}) {
      const own = await key(kind, name);
      const keyFile = await store(own);
      const request = ['req', '-new', '-key', keyFile, '-subj', `/CN=${name}`];
      const extension = `basicConstraints=critical,CA:${isCa ? 'TRUE' : 'FALSE'}\n`;
      if (!issuer) {
        const args = [...request, '-x509', '-days', String(days), '-addext', extension.trim()];
        return { key: own, certificate: await openssl(args) };
      }
      const certificate = await openssl(
        [
          ...['x509', '-req', '-days', String(days), '-extfile', await store(extension), '-set_serial'],
          ...[String(100 + count), '-CA', await store(issuer.certificate), '-CAkey', await store(issuer.key)],
        ],
        await openssl(request),
      );
      return { key: own, certificate };
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** A self-signed certificate for an RSA key with dates that the openssl command does not make. */
export function signWithDates(key: string, notBefore: Date, notAfter: Date): string {
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  certificate.setSubject([{ name: 'commonName', value: 'dates' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'dates' }]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

/** Sends the files of a `certs` form, those that are given. */
export function attachCerts<T extends { attach(field: string, file: Buffer, name: string): T }>(
  call: T,
  files: Readonly<Record<string, string | Buffer>>,
  name: (field: string) => string = (field) => `my ${field}.txt`,
): T {
  return Object.entries(files).reduce(
    (sent, [field, content]) => sent.attach(field, Buffer.from(content), name(field)),
    call,
  );
}
