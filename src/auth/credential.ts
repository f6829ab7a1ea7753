import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Endpoints are far fewer; paths can be written in many ways. */
const KNOWN_LIMIT = 256;

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
  if (signer.token !== token) signer = createSigner(token);
  return signer.sign(signed);
}

/** Of the token that was used last: there is but one, until it is changed. */
let signer = createSigner('');

function createSigner(token: string) {
  const key = digest(token).toString('hex');
  // What is signed does not change from one request to the next.
  const known = new Map<string, string>();
  const sign = (signed: string): string => {
    const hash = known.get(signed) ?? createHmac('sha256', key).update(signed).digest('hex');
    if (known.size < KNOWN_LIMIT) known.set(signed, hash);
    return hash;
  };
  return { token, sign };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function areSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
