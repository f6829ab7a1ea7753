import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppContext } from '../context.js';
import { AdminError } from '../core/errors.js';
import { freeBytes } from '../system/disk-space.js';
import { makeDirectory } from '../system/make-directory.js';
import { BodyStream, bodyTooLarge } from './body-stream.js';
import type { Endpoint } from './endpoint.js';
import { endpointOf, type Exchange, type Step } from './exchange.js';
import { enabledFields, requireFiles, type FormRules } from './form-rules.js';
import type { Form } from './multipart.js';
import { continueBody } from './unread-body.js';
import { createUploadDirectory, removeUploadDirectory } from './upload-directory.js';
import { describeUploadFault } from './upload-fault.js';
import { readUrlencoded } from './urlencoded.js';

/** What most requests do without. */
export const loadMultipart = () => import('./multipart.js');

/** All of a form without files: a few fields and their part headers. */
const TEXT_FORM_LIMIT_BYTES = 256 * 1024;

/**
 * Reads the form of a `POST`. What can be refused without a byte of it is refused first. What is uploaded lies in
 * `exchange.uploadDirectory`, which is removed here when the form is refused, else when the request has been handled.
 */
export function receiveForm(context: AppContext): Step {
  return async (exchange, request, response) => {
    const endpoint = endpointOf(exchange);
    await endpoint.refuse?.(context);
    const rules = enabledFields(endpoint.form ?? {}, (name) => context.gate.isParameterEnabled(name));
    const form =
      endpoint.method === 'POST' && hasBody(request)
        ? await readForm(context, rules, exchange, request, response)
        : formWithoutBody(endpoint);
    exchange.files = form.files;
    exchange.fields = new Map([...queryFields(exchange, rules), ...form.fields]);
  };
}

async function readForm(
  { settings, paths }: AppContext,
  rules: FormRules,
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Form> {
  const read = await selectReader(request, rules);
  const hasFiles = Object.values(rules).some(({ kind }) => kind === 'file');
  // It may have been removed while the daemon runs.
  if (hasFiles) await makeDirectory(paths.incoming).catch(throwUploadFault);
  const limitBytes = hasFiles ? settings.uploadLimitBytes : TEXT_FORM_LIMIT_BYTES;
  await refuseTooLarge(request, limitBytes, hasFiles ? paths.incoming : undefined);
  // A disk may have bytes free, and be full of files.
  const directory = hasFiles
    ? await createUploadDirectory(paths.incoming, exchange.id).catch(throwUploadFault)
    : undefined;
  try {
    continueBody(request, response);
    const form = await read(new BodyStream(request, limitBytes), directory);
    requireFiles(endpointOf(exchange).form ?? {}, form.files);
    if (directory !== undefined) exchange.uploadDirectory = directory;
    return form;
  } catch (error) {
    if (directory !== undefined) await removeUploadDirectory(directory);
    throw error;
  }
}

function throwUploadFault(error: unknown): never {
  throw describeUploadFault(error) ?? error;
}

function formWithoutBody({ form = {} }: Endpoint): Form {
  const files = new Map<string, never>();
  requireFiles(form, files);
  return { fields: new Map(), files };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function selectReader(request: IncomingMessage, rules: FormRules) {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const textOnly = Object.values(rules).every(({ kind }) => kind === 'text');
  if (type === 'multipart/form-data') {
    const { readMultipart } = await loadMultipart();
    return (body: BodyStream, directory: string | undefined) => readMultipart(body, rules, directory);
  }
  if (type === 'application/x-www-form-urlencoded' && textOnly) {
    return (body: BodyStream) => readUrlencoded(body, rules);
  }
  const allowed = textOnly ? 'multipart/form-data, application/x-www-form-urlencoded' : 'multipart/form-data';
  throw new AdminError('badRequest', `Invalid content type. Allowed: ${allowed}`);
}

/** @param storedIn where files will be stored, if there can be any */
async function refuseTooLarge(
  request: IncomingMessage,
  limitBytes: number,
  storedIn: string | undefined,
): Promise<void> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limitBytes) throw bodyTooLarge(limitBytes);
  const free = storedIn === undefined ? Infinity : await freeBytes(storedIn);
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
