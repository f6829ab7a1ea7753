import type { X509Certificate } from 'node:crypto';

/**
 * The way from a certificate up to its authority, as a server sends it (RFC 5246, 7.4.2): each certificate is
 * followed by its issuer. The shortest one that ends at a certificate of `anchors`; where none does, or there are no
 * anchors, as far as `candidates` go.
 */
export interface CertificateChain {
  /** The issuers, without the certificate itself. */
  readonly issuers: readonly X509Certificate[];
  readonly isAnchored: boolean;
}

/**
 * @param candidates for its issuers, in any order; others among them are left out
 * @param anchors trusted as they are, whether they are roots or not
 */
export function findChain(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
  anchors: readonly X509Certificate[] = [],
): CertificateChain {
  const all = unique([...candidates, ...anchors]);
  const trusted = new Set(anchors.map(({ fingerprint256 }) => fingerprint256));
  const seen = new Set([certificate.fingerprint256]);
  const ways: X509Certificate[][] = [[certificate]];
  let longest = ways[0] ?? [];
  // Breadth first; each certificate is met once, so a circle of issuers ends.
  for (const way of ways) {
    const last = way.at(-1) ?? certificate;
    longest = way.length > longest.length ? way : longest;
    if (trusted.has(last.fingerprint256)) return { issuers: way.slice(1), isAnchored: true };
    for (const issuer of all) {
      if (seen.has(issuer.fingerprint256) || !isIssuedBy(last, issuer)) continue;
      seen.add(issuer.fingerprint256);
      ways.push([...way, issuer]);
    }
  }
  return { issuers: longest.slice(1), isAnchored: false };
}

/** Each certificate once, in the order of its first appearance. */
export function unique(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint256, one])).values()];
}

export function contains(certificates: readonly X509Certificate[], wanted: X509Certificate): boolean {
  return certificates.some(({ fingerprint256 }) => fingerprint256 === wanted.fingerprint256);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  // Roots of version 1 cannot say that they are an authority.
  if (!issuer.ca && issuer.subject !== issuer.issuer) return false;
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that cannot be read has signed nothing that could be checked.
    return false;
  }
}
