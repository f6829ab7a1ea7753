import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether the query carries the token or, where a non-empty `hash` is present, the right HMAC for this request. Takes
 * the same time for right and wrong ones.
 *
 * @param token the appliance's token
 * @param signed method and path exactly as requested, without the query
 */
export function isValidCredential(
  query: ReadonlyMap<string, string>,
  token: string,
  signed: string,
): boolean {
  const hash = query.get('hash');
  if (hash) return areSame(Buffer.from(hash), Buffer.from(signRequest(token, signed)));
  // Tokens are of different lengths, their digests are not.
  return areSame(digest(query.get('token') ?? ''), digest(token));
}

/**
 * The `hash` that signs a request: HMAC-SHA256, lower-case hex, keyed with the lower-case hex SHA-256 of the token.
 *
 * @param signed method and path: `GET/api/v1/admin/version`
 */
export function signRequest(token: string, signed: string): string {
  if (keyOf.token !== token) keyOf = { token, key: digest(token).toString('hex') };
  return createHmac('sha256', keyOf.key).update(signed).digest('hex');
}

/** Of the token that was used last: there is but one, until it is changed. */
let keyOf = { token: '', key: digest('').toString('hex') };

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function areSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
