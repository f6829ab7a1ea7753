import assert from 'node:assert/strict';
import { V1_STATUS } from '../../../src/http/error-status.js';
import { SECURITY_HEADERS } from '../../../src/http/security-headers.js';
import { show, type RawAnswer } from './raw-http.js';

const GOOD = [200, 202, 206, 302];
const REFUSED = Object.values(V1_STATUS)
  .map(([code]) => code)
  .filter((code) => code !== 500);
const STACK = /\n\s+at .+:\d+|node:internal|node_modules|\.(js|ts):\d+/;

/** @throws AssertionError for an answer that the contract of the API does not know */
export function requireKnownAnswer(answer: RawAnswer): void {
  const { status, reason, headers, body } = answer;
  assert([...GOOD, ...REFUSED].includes(status), `unknown answer ${status}: ${show(body)}`);
  for (const name of Object.keys(SECURITY_HEADERS)) {
    assert(headers.has(name.toLowerCase()), `the answer lacks the header ${name}`);
  }
  assert(!STACK.test(body), `the answer shows the inside of the program: ${show(body)}`);
  if (body === '') return;
  if (headers.get('content-type') === 'application/json') JSON.parse(latin1ToText(body));
  if (!GOOD.includes(status)) requireError(status, reason, headers, latin1ToText(body));
}

function requireError(status: number, reason: string, headers: RawAnswer['headers'], body: string): void {
  assert.equal(headers.get('content-type'), 'application/json', 'an error is not answered by JSON');
  const fields = JSON.parse(body) as Record<string, unknown>;
  assert.equal(fields.Status, `${status} ${reason}`, 'status line and body disagree');
  const message = fields['Error-Message'];
  assert.equal(
    typeof message,
    headers.has('error-message') ? 'string' : 'undefined',
    'a message is in one place only',
  );
  const known = ['Status', 'Error-Message', 'error-code', 'First-Run'];
  assert.deepEqual(
    Object.keys(fields).filter((name) => !known.includes(name)),
    [],
    'an error has a field that clients do not know',
  );
}

function latin1ToText(body: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body, 'latin1'));
}
