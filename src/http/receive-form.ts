import type { IncomingMessage } from 'node:http';
import type { AppContext } from '../context.js';
import { AdminError } from '../core/errors.js';
import { freeBytes } from '../system/disk-space.js';
import { BodyStream, bodyTooLarge } from './body-stream.js';
import { endpointOf, type Exchange, type Step } from './exchange.js';
import { enabledFields, type FormRules } from './form-rules.js';
import { readMultipart, type Form } from './multipart.js';
import { continueBody } from './unread-body.js';
import { createUploadDirectory, removeUploadDirectory } from './upload-directory.js';
import { readUrlencoded } from './urlencoded.js';

/**
 * Reads the form of a `POST`. What can be refused without a byte of it is refused first; uploaded files are removed
 * when the response is closed, unless a handler moved them away.
 */
export function receiveForm(context: AppContext): Step {
  return async (exchange, request, response) => {
    const endpoint = endpointOf(exchange);
    await endpoint.refuse?.(context);
    const rules = enabledFields(endpoint.form ?? {}, (name) => context.gate.isParameterEnabled(name));
    let form: Form = { fields: new Map(), files: new Map() };
    if (endpoint.method === 'POST' && hasBody(request)) {
      const readForm = selectReader(request, rules);
      const hasFiles = Object.values(rules).some(({ kind }) => kind === 'file');
      await refuseTooLarge(request, context, hasFiles);
      const directory = await createUploadDirectory(context.paths.uploads, exchange.id);
      response.once('close', () => void removeUploadDirectory(directory));
      continueBody(request, response);
      form = await readForm(new BodyStream(request, context.settings.uploadLimitBytes), directory);
    }
    exchange.files = form.files;
    exchange.fields = new Map([...queryFields(exchange, rules), ...form.fields]);
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function selectReader(request: IncomingMessage, rules: FormRules) {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const textOnly = Object.values(rules).every(({ kind }) => kind === 'text');
  if (type === 'multipart/form-data') {
    return (body: BodyStream, directory: string) => readMultipart(body, rules, directory);
  }
  if (type === 'application/x-www-form-urlencoded' && textOnly) {
    return (body: BodyStream) => readUrlencoded(body, rules);
  }
  const allowed = textOnly ? 'multipart/form-data, application/x-www-form-urlencoded' : 'multipart/form-data';
  throw new AdminError('badRequest', `Invalid content type. Allowed: ${allowed}`);
}

async function refuseTooLarge(
  request: IncomingMessage,
  { settings, paths }: AppContext,
  stored: boolean,
): Promise<void> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > settings.uploadLimitBytes) throw bodyTooLarge(settings.uploadLimitBytes);
  if (!stored) return;
  const free = await freeBytes(paths.uploads);
  if (length > free) {
    throw new AdminError(
      'tooLarge',
      `Not enough disk space on the appliance for this upload. Free: ${free} bytes`,
    );
  }
}

function queryFields({ query }: Exchange, rules: FormRules): [string, string][] {
  return Object.entries(rules).flatMap(([name, { inQuery }]) => {
    const value = inQuery === true ? query.get(name) : undefined;
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
}
