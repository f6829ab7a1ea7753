import assert from 'node:assert/strict';
import { request } from 'node:https';
import { TOKEN } from '../../support/appliance.js';

/** An answer that came whole; undefined: the connection was closed before. */
export type Answer = { readonly status: number; readonly type: string; readonly body: string } | undefined;

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** A form field, and whether it is a file. */
  readonly field?: readonly [name: string, content: string, isFile: boolean];
  /** Its body does not depend on time and load. */
  readonly isFixed?: boolean;
}

/** Every kind of endpoint; those that start a job, the last ones, do so with what it refuses quickly. */
export const ASKED: readonly Asked[] = [
  { method: 'GET', path: '/version', isFixed: true },
  { method: 'GET', path: '/endpoints', isFixed: true },
  { method: 'GET', path: '/docs' },
  { method: 'GET', path: '/changelog', isFixed: true },
  { method: 'GET', path: '/build', isFixed: true },
  { method: 'GET', path: '/settings', isFixed: true },
  { method: 'GET', path: '/storage', isFixed: true },
  { method: 'GET', path: '/certs', isFixed: true },
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/healthz', isFixed: true },
  { method: 'GET', path: '/services' },
  { method: 'GET', path: '/license' },
  { method: 'GET', path: '/update' },
  { method: 'GET', path: '/update/log' },
  { method: 'GET', path: '/backup' },
  { method: 'POST', path: '/setup', field: ['newtoken', TOKEN, false] },
  { method: 'POST', path: '/settings', field: ['settings', '{', true] },
  { method: 'POST', path: '/certs', field: ['public', 'no certificate', true] },
  { method: 'POST', path: '/backup', field: ['action', 'STOP', false] },
  { method: 'POST', path: '/update', field: ['update', 'no package', true] },
];

const BOUNDARY = 'boundary-of-the-form';
const ANSWER_LIMIT_MS = 40_000;

export async function ask(url: string, { method, path, field }: Asked): Promise<Answer> {
  const body = field === undefined ? '' : formOf(...field);
  return new Promise((resolve, reject) => {
    const target = `${url}/api/v1/admin${path}?token=${TOKEN}`;
    const headers = {
      ...(field === undefined ? {} : { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }),
      'Content-Length': Buffer.byteLength(body),
    };
    const closed = () => resolve(undefined);
    const options = { method, headers, agent: false, rejectUnauthorized: false, timeout: ANSWER_LIMIT_MS };
    const asked = request(target, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', closed).on('end', () => {
        const type = String(response.headers['content-type']);
        resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(chunks).toString() });
      });
    });
    asked.on('timeout', () => {
      reject(new Error(`${method} ${path}: no answer`));
      asked.destroy();
    });
    asked.on('error', closed);
    asked.end(body);
  });
}

export async function askAll(url: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const asked of ASKED) answers.push(await ask(url, asked));
  return answers;
}

/** What may be answered under a fault: what is answered without it, or an error that says so in its own form. */
export function requireWellFormed(answers: readonly Answer[], expected: readonly Answer[]): void {
  for (const [index, answer] of answers.entries()) {
    const { method, path, isFixed } = ASKED[index] ?? ASKED[0]!;
    if (answer === undefined) continue;
    const what = `${method} ${path}: ${answer.status} ${answer.body.slice(0, 200)}`;
    if (answer.type === 'application/json') {
      assert.doesNotThrow(() => JSON.parse(answer.body) as unknown, `no whole JSON: ${what}`);
    }
    assert.ok(!answer.body.includes(TOKEN), `the token is told: ${what}`);
    if (answer.status >= 400) continue;
    assert.equal(answer.status, expected[index]?.status, `another answer: ${what}`);
    if (isFixed === true) assert.equal(answer.body, expected[index]?.body, `another body: ${what}`);
  }
}

/** The answers without what depends on time and load, to be compared. */
export function comparable(answers: readonly Answer[]): readonly string[] {
  return answers.map((answer, index) => {
    const { method, path, isFixed } = ASKED[index] ?? ASKED[0]!;
    return `${method} ${path}: ${answer?.status ?? 'closed'} ${isFixed === true ? (answer?.body ?? '') : ''}`;
  });
}

function formOf(name: string, content: string, isFile: boolean): string {
  const filename = isFile ? '; filename="file"' : '';
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n${content}\r\n--${BOUNDARY}--\r\n`;
}
