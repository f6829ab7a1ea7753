import type { Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import type { Readable, Writable } from 'node:stream';
import { AdminError, messageOf } from '../core/errors.js';
import type { BodyStream } from './body-stream.js';
import type { UploadedFile } from './endpoint.js';
import {
  createFormGuard,
  fileTooLarge,
  TEXT_LIMIT_BYTES,
  textTooLong,
  type FormRules,
} from './form-rules.js';
import { describeUploadFault } from './upload-fault.js';

export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, UploadedFile>;
}

/** What multer leaves on the request that it was given. */
interface Parsed {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly files?: readonly Express.Multer.File[];
}

/**
 * Reads a multipart form; files are streamed into `directory`, named after their fields. It resolves or rejects as
 * soon as the outcome is known: an unacceptable form is not read to its end.
 *
 * @param rules the fields that are allowed
 * @param directory undefined where `rules` has no file
 * @throws AdminError that names the field or what is wrong with the form
 */
export async function readMultipart(
  body: BodyStream,
  rules: FormRules,
  directory: string | undefined,
): Promise<Form> {
  const guard = createFormGuard(rules);
  const fileLimit = largestFile(rules);
  const upload = multer({
    storage: multer.diskStorage({
      destination: directory ?? refuseToStore,
      filename: (_request, file, callback) => callback(null, file.fieldname),
    }),
    // A part that the guard refused must not reach the disk: its name is the client's and could be a path.
    fileFilter: (_request, _file, callback) => {
      if (body.destroyed) callback(body.errored ?? new Error('the form was refused'));
      else callback(null, true);
    },
    limits: {
      fieldNameSize: 100,
      fieldSize: TEXT_LIMIT_BYTES,
      fileSize: fileLimit,
      parts: 32,
      headerPairs: 100,
    },
    streamHandler: (_request: unknown, parser: Writable) => feed(body, parser, guard),
  } as multer.Options).any();
  const parsed = body as unknown as Parsed;
  await new Promise<void>((resolve, reject) => {
    upload(body as unknown as Request, {} as unknown as Response, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(describe(error, fileLimit));
    });
  });
  return { fields: textFields(parsed), files: files(parsed) };
}

/** multer has one limit for all files of a form. */
function largestFile(rules: FormRules): number {
  const limits = Object.values(rules).flatMap(({ kind, limitBytes }) =>
    kind === 'file' ? [limitBytes ?? Infinity] : [],
  );
  return Math.max(0, ...limits);
}

function refuseToStore(
  _request: unknown,
  _file: unknown,
  callback: (error: Error | null, destination: string) => void,
): void {
  callback(new Error('this form has no files'), '');
}

/** Every name is checked when its part begins; a refusal destroys the body stream, which ends multer's work. */
function feed(body: BodyStream, parser: Writable, guard: ReturnType<typeof createFormGuard>): void {
  const check = (act: () => void) => {
    try {
      act();
    } catch (error) {
      body.destroy(error as Error);
    }
  };
  parser.prependListener('field', (name: string) => check(() => guard.text(name)));
  parser.prependListener('file', (name: string, _stream: Readable, info: { filename?: string }) =>
    check(() => guard.file(name, info.filename)),
  );
  // multer lets go of the body when it has found a fault of its own, then waits for the end of it.
  parser.once('unpipe', () => {
    if (!body.readableEnded) body.destroy();
  });
  body.pipe(parser);
}

function textFields({ body = {} }: Parsed): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string')
      throw new AdminError('badRequest', `Invalid field: ${name}. Expected one text`);
    fields.set(name, value);
  }
  return fields;
}

function files({ files: list = [] }: Parsed): Map<string, UploadedFile> {
  return new Map(list.map(({ fieldname, path, size }) => [fieldname, { path, sizeBytes: size }]));
}

function describe(error: unknown, fileLimit: number): AdminError {
  if (error instanceof AdminError) return error;
  if (error instanceof MulterError) return describeMulterError(error, fileLimit);
  const fault = describeUploadFault(error);
  if (fault) return fault;
  // busboy has no error classes: every other error is its word on a malformed form.
  return new AdminError('badRequest', `Malformed multipart form: ${messageOf(error)}`, { cause: error });
}

function describeMulterError(error: MulterError, fileLimit: number): AdminError {
  if (error.code === 'LIMIT_FILE_SIZE') return fileTooLarge(error.field ?? '', fileLimit);
  if (error.code === 'LIMIT_FIELD_VALUE') return textTooLong(error.field ?? '');
  return new AdminError('badRequest', `Malformed multipart form: ${error.message}`, { cause: error });
}
