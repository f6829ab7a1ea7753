import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError, messageOf } from '../core/errors.js';
import { readTextFile, writeFileAtomic } from '../system/atomic-file.js';
import { createSelfSignedCertificate, parseKeyPair, type KeyPair } from '../system/certificate.js';
import { awaitLock, releaseAfter } from '../system/lock.js';

export interface CertificateFiles {
  readonly locks: string;
  readonly tlsBundle: string;
  readonly tlsPrivateKey: string;
  readonly tlsCertificate: string;
  /** The fingerprint of a certificate that the daemon itself has made. */
  readonly selfSigned: string;
}

interface NewFile {
  readonly file: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

const MODE = 0o640;
const RECORD_MODE = 0o644;

/**
 * The pair that the listener serves: `enterprise.pem`, else key and certificate from their own files; a self-signed
 * one is made where there is none of them.
 *
 * @throws FatalError with one line that names the broken file
 */
export async function loadCertificate(files: CertificateFiles): Promise<KeyPair> {
  const existing = await readExisting(files).catch(fail('Cannot read the TLS certificate'));
  if (existing === undefined) {
    return createAndStore(files).catch(fail('Cannot store a self-signed TLS certificate'));
  }
  try {
    return parseKeyPair(existing.pem);
  } catch (error) {
    throw new FatalError(`Broken TLS certificate ${existing.file}: ${messageOf(error)}`);
  }
}

async function readExisting(files: CertificateFiles): Promise<{ file: string; pem: string } | undefined> {
  const [bundle, key, certificate] = await Promise.all(
    [files.tlsBundle, files.tlsPrivateKey, files.tlsCertificate].map(readTextFile),
  );
  if (bundle !== undefined) return { file: files.tlsBundle, pem: bundle };
  if (key === undefined && certificate === undefined) return undefined;
  return {
    file: key === undefined ? files.tlsCertificate : files.tlsPrivateKey,
    pem: `${key ?? ''}\n${certificate ?? ''}`,
  };
}

function fail(what: string): (error: unknown) => never {
  return (error) => {
    throw new FatalError(`${what}: ${messageOf(error)}`);
  };
}

/**
 * A crash between the writes leaves none, or the whole pair in its bundle, and the record that it is the daemon's own. One
 * process at a time: two would mix their pairs and records.
 */
async function createAndStore(files: CertificateFiles): Promise<KeyPair> {
  return releaseAfter(await awaitLock(join(files.locks, 'certificate')), async () => {
    const existing = await readExisting(files);
    if (existing !== undefined) return parseKeyPair(existing.pem);
    for (const { file, content, mode } of await createSelfSigned(files)) {
      await writeFileAtomic(file, content, { mode });
    }
    return parseKeyPair((await readTextFile(files.tlsBundle)) ?? '');
  });
}

/** A new self-signed pair, as the files that hold it, and the record that it is the daemon's own. */
export async function createSelfSigned(files: CertificateFiles): Promise<readonly NewFile[]> {
  const { key, certificate } = await createSelfSignedCertificate();
  return [
    { file: files.selfSigned, content: `${fingerprintOf(certificate)}\n`, mode: RECORD_MODE },
    { file: files.tlsBundle, content: key + certificate, mode: MODE },
    ...ownFiles(files, { key, certificate }),
  ];
}

/** Writes the files of a self-signed pair that a crash kept from being written. */
export async function completeSelfSigned(files: CertificateFiles): Promise<void> {
  const bundle = await readTextFile(files.tlsBundle);
  if (bundle === undefined || (await readSelfSigned(files)) === undefined) return;
  for (const { file, content, mode } of ownFiles(files, parseKeyPair(bundle))) {
    if ((await readTextFile(file)) === undefined) await writeFileAtomic(file, content, { mode });
  }
}

function ownFiles(files: CertificateFiles, { key, certificate }: KeyPair): readonly NewFile[] {
  return [
    { file: files.tlsPrivateKey, content: `${key.trimEnd()}\n`, mode: MODE },
    { file: files.tlsCertificate, content: certificate, mode: MODE },
  ];
}

/** The certificate that is served, PEM, if the daemon itself has made it. */
export async function readSelfSigned(files: CertificateFiles): Promise<string | undefined> {
  const [existing, record] = await Promise.all([readExisting(files), readTextFile(files.selfSigned)]);
  if (!existing || record === undefined) return undefined;
  const { certificate } = parseKeyPair(existing.pem);
  return fingerprintOf(certificate) === record.trim() ? certificate : undefined;
}

/** SHA-256, as `openssl x509 -fingerprint -sha256` prints it. */
export function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

/** Changes when a file of the pair is replaced or written, or may be read by others than before. */
export async function certificateStamp(files: CertificateFiles): Promise<string> {
  const stamps = [files.tlsBundle, files.tlsPrivateKey, files.tlsCertificate].map(async (file) => {
    const { ino, size, ctimeMs } = await stat(file).catch(() => ({ ino: 0, size: 0, ctimeMs: 0 }));
    return `${ino}:${size}:${ctimeMs}`;
  });
  return (await Promise.all(stamps)).join();
}
