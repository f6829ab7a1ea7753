import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { AdminError } from '../../../../src/core/errors.js';
import { BodyStream } from '../../../../src/http/body-stream.js';
import { readMultipart } from '../../../../src/http/multipart.js';
import { only } from '../only.js';

const RULES = {
  settings: { kind: 'file', summary: '', limitBytes: 2_000 },
  action: { kind: 'text', summary: '' },
} as const;

/** A form; its first line is the content type's boundary. */
export const fuzz = async (bytes: Buffer): Promise<void> => {
  const end = Math.max(bytes.indexOf('\n'), 0);
  const boundary = bytes.toString('latin1', 0, end);
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'transfer-encoding': 'chunked',
  };
  const request = Object.assign(new PassThrough(), { headers }) as unknown as IncomingMessage;
  const body = new BodyStream(request, 3_000);
  (request as unknown as PassThrough).end(bytes.subarray(end + 1));
  await only([AdminError], () => readMultipart(body, RULES, process.cwd()));
};
