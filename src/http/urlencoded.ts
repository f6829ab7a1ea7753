import { AdminError } from '../core/errors.js';
import type { BodyStream } from './body-stream.js';
import { createFormGuard, TEXT_LIMIT_BYTES, textTooLong, type FormRules } from './form-rules.js';
import type { Form } from './multipart.js';

const BODY_LIMIT_BYTES = 16 * 1024;

/** Reads an `application/x-www-form-urlencoded` form of text fields. */
export async function readUrlencoded(body: BodyStream, rules: FormRules): Promise<Form> {
  const guard = createFormGuard(rules);
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(body))) {
    guard.text(name);
    if (Buffer.byteLength(value) > TEXT_LIMIT_BYTES) throw textTooLong(name);
    fields.set(name, value);
  }
  return { fields, files: new Map() };
}

async function readText(body: BodyStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT_BYTES) {
      throw new AdminError('tooLarge', `Request body too large. Allowed: at most ${BODY_LIMIT_BYTES} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
