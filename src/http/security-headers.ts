/** On every answer, as the v1 API sends them; the content security policy is the strictest that the answer allows. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Strict-Transport-Security': 'max-age=31536000 ; includeSubDomains',
  'X-Frame-Options': 'deny',
  'X-XSS-Protection': '1',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; object-src 'self'; frame-ancestors 'none'; base-uri 'none';",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** The policy of a page that carries one inline style and nothing else. @param styleHash base64 of its SHA-256 */
export function pagePolicy(styleHash: string): string {
  return `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; object-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none';`;
}
