import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const AEAD = /^(TLS_(AES|CHACHA20)|ECDHE-(RSA|ECDSA)-(AES\d+-GCM|CHACHA20-POLY1305))/;
const LEAST_CIPHER_BITS = 128;
const LEAST_GROUP_BITS = 128;
const LEAST_RSA_BITS = 2048;

/** Asks sslscan what the port offers. @throws AssertionError that names what is weak */
export async function scanWithSslscan(port: number): Promise<void> {
  const { stdout } = await run('sslscan', ['--xml=-', '--show-sigs', `127.0.0.1:${port}`], {
    maxBuffer: 1 << 24,
  });
  const elements = [...stdout.matchAll(/<([\w-]+) ([^>]*?)\/?>/g)].map(([, name = '', text = '']) => ({
    name,
    value: (attribute: string) => new RegExp(`\\b${attribute}="([^"]*)"`).exec(text)?.[1] ?? '',
  }));
  const all = (name: string) => elements.filter((element) => element.name === name);
  const protocols = all('protocol').map(
    ({ value }) => `${value('type')} ${value('version')} ${value('enabled')}`,
  );
  const expected = ['ssl 2 0', 'ssl 3 0', 'tls 1.0 0', 'tls 1.1 0', 'tls 1.2 1', 'tls 1.3 1'];
  assert.deepEqual(protocols, expected, 'TLS 1.2 and 1.3 are offered, nothing older');
  const weak = [
    ...all('cipher').filter(
      ({ value }) => !AEAD.test(value('cipher')) || Number(value('bits')) < LEAST_CIPHER_BITS,
    ),
    ...all('group').filter(({ value }) => Number(value('bits')) < LEAST_GROUP_BITS),
    ...all('heartbleed').filter(({ value }) => value('vulnerable') !== '0'),
    ...all('compression').filter(({ value }) => value('supported') !== '0'),
    ...all('renegotiation').filter(({ value }) => value('supported') !== '0' && value('secure') !== '1'),
  ].map(({ name, value }) => `${name} ${value('cipher') || value('name') || value('sslversion')}`);
  assert.deepEqual(weak, [], 'nothing weak is offered');
  assert(all('cipher').length >= 5, 'the scanner has found the ciphers');
  const [key] = all('pk');
  const isStrong = key?.value('type') === 'EC' || Number(key?.value('bits')) >= LEAST_RSA_BITS;
  assert(isStrong, `the key of the certificate is ${key?.value('type')} ${key?.value('bits')}`);
  assert.match(stdout, /<signature-algorithm>\s*(sha256|sha384|sha512|ecdsa-with-SHA(256|384|512))/i);
  assert.match(stdout, /<expired>false/);
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/**
 * What lies in the nature of a certificate that nobody has issued: whom to trust is the operator's to say. It has no
 * one who could revoke it either.
 */
const OF_A_SELF_SIGNED_ONE =
  /^cert_(trust|chain_of_trust|revocation|crlDistributionPoints|ocspURL|notAfter|extlifeSpan|validityPeriod|commonName|caIssuers|expirationStatus)|^DNS_CAArecord|^security_headers|^overall_grade|^grade_cap|^final_score|^HSTS/;

/** Asks testssl.sh, by the name that it has here, which takes minutes. @throws AssertionError that names what is weak */
export async function scanWithTestssl(tool: string, port: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'admind-testssl-'));
  try {
    const file = join(directory, 'findings.json');
    const args = ['--quiet', '--color', '0', '--warnings', 'batch', '--jsonfile', file, `127.0.0.1:${port}`];
    // Its status counts what it has found, however harmless.
    await run(tool, args, { maxBuffer: 1 << 24 }).catch(() => undefined);
    const findings = JSON.parse(await readFile(file, 'utf8')) as readonly Finding[];
    assert(findings.length > 50, `testssl.sh came to an end: it tells ${findings.length} findings`);
    const weak = findings
      .filter(({ severity }) => ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity))
      .filter(({ id }) => !OF_A_SELF_SIGNED_ONE.test(id))
      .map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`);
    assert.deepEqual(weak, []);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
