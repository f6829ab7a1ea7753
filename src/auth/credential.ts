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
  if (hash) return equals(hash, signRequest(token, signed));
  return equals(query.get('token') ?? '', token);
}

/**
 * The `hash` that signs a request: HMAC-SHA256, lower-case hex, keyed with the lower-case hex SHA-256 of the token.
 *
 * @param signed method and path: `GET/api/v1/admin/version`
 */
export function signRequest(token: string, signed: string): string {
  const key = createHash('sha256').update(token).digest('hex');
  return createHmac('sha256', key).update(signed).digest('hex');
}

function equals(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(x, y);
}
