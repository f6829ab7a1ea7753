import type { X509Certificate } from 'node:crypto';

type Certificates = readonly X509Certificate[];

/**
 * Whether a way leads from a certificate up to one of `anchors`, which are trusted as they are, roots or not.
 *
 * @param candidates for issuers, in any order
 */
export function isIssuedThrough(
  certificate: X509Certificate,
  candidates: Certificates,
  anchors: Certificates,
): boolean {
  const ways = waysUp(certificate, [...candidates, ...anchors]);
  return ways.some((way) => way.some((step) => contains(anchors, step)));
}

/**
 * Certificates as a server sends them (RFC 5246, 7.4.2): those on the longest way up from `certificate` first, each
 * followed by its issuer; then the others (a cross-signed root) as they are.
 *
 * @param others that the way may pass
 */
export function inIssuingOrder(
  certificates: Certificates,
  certificate: X509Certificate,
  others: Certificates = [],
): Certificates {
  const ways = waysUp(certificate, [...certificates, ...others]);
  const longest = ways.reduce((best, way) => (way.length > best.length ? way : best), []);
  return unique([...longest.filter((one) => contains(certificates, one)), ...certificates]);
}

function contains(certificates: Certificates, wanted: X509Certificate): boolean {
  return certificates.some(({ fingerprint256 }) => fingerprint256 === wanted.fingerprint256);
}

/** From a certificate to each one above it, nearest first. Each is met once, so that a circle of issuers ends. */
function waysUp(certificate: X509Certificate, candidates: Certificates): readonly Certificates[] {
  const ways: Certificates[] = [[certificate]];
  let left = unique(candidates).filter((one) => !contains([certificate], one));
  for (const way of ways) {
    const last = way.at(-1) ?? certificate;
    const issuers = left.filter((one) => isIssuedBy(last, one));
    left = left.filter((one) => !issuers.includes(one));
    ways.push(...issuers.map((issuer) => [...way, issuer]));
  }
  return ways;
}

/** Each certificate once, in the order of its first appearance. */
function unique(certificates: Certificates): Certificates {
  return [...new Map(certificates.map((one) => [one.fingerprint256, one])).values()];
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
