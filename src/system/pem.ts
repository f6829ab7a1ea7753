import pem from 'node-forge/lib/pem.js';

/** One `-----BEGIN …-----` block of a PEM file. */
export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY`, … */
  readonly label: string;
  readonly der: Buffer;
  /** Its content needs a passphrase, in the PKCS#8 or the traditional way. */
  readonly isEncrypted: boolean;
}

/**
 * The blocks of a PEM file with line ends of any kind; what lies between them is skipped.
 *
 * @returns none where the file is no PEM, or a block of it is malformed
 */
export function readPem(content: Buffer): readonly PemBlock[] {
  try {
    return pem.decode(content.toString('latin1')).map(({ type, body, procType }) => ({
      label: type,
      der: Buffer.from(body, 'latin1'),
      isEncrypted: type === 'ENCRYPTED PRIVATE KEY' || isEncryptedType(procType),
    }));
  } catch {
    return [];
  }
}

/** `Proc-Type: 4,ENCRYPTED` (RFC 1421, 4.6.1.1). */
function isEncryptedType(procType: unknown): boolean {
  return (procType as { readonly type?: string } | null)?.type === 'ENCRYPTED';
}
