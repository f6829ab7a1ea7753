import type { AppContext } from '../context.js';
import type { Reply } from './reply.js';

export type Method = 'GET' | 'POST';

/**
 * Who may call an endpoint: `token`, a caller with a valid token or hash; `setup`, that or the first caller of an
 * appliance that has no token yet; `none`, everyone.
 */
export type AuthRule = 'token' | 'setup' | 'none';

/** A form field. Text holds at most 4 KiB; a file is streamed to disk. */
export interface FormField {
  readonly kind: 'text' | 'file';
  readonly summary: string;
  /** The form is complete without it. */
  readonly optional?: boolean;
  /** Accepted only where `parameters` of the endpoint configuration names it. */
  readonly isParameter?: boolean;
  /** The largest file; default: what the limit of the whole body allows. */
  readonly limitBytes?: number;
  /** A text field that is accepted in the query, too. */
  readonly inQuery?: boolean;
}

/** An endpoint is data: the router, the gate, authentication, uploads and the reference at `/docs` are made from it. */
export interface Endpoint {
  /** First-level name, the one that the endpoint configuration switches on: `update`. */
  readonly name: string;
  readonly method: Method;
  /** Absolute and without a trailing slash: `/api/v1/admin/update/log`. */
  readonly path: string;
  readonly summary: string;
  /** Further paragraphs for the reference. */
  readonly description?: string;
  readonly auth: AuthRule;
  /** The form that a `POST` takes, by field name. */
  readonly form?: Readonly<Record<string, FormField>>;
  /** A `GET` that changes something: it refuses `HEAD`. */
  readonly acts?: boolean;
  /** It answers, by itself, also while the daemon stops; every other one is refused then. */
  readonly answersWhileStopping?: boolean;
  /** What a client sees, for the reference. */
  readonly example: EndpointExample;
  /** Refuses before a byte of the body is read, by throwing an `AdminError`. */
  refuse?(context: AppContext): Promise<void>;
  handle(context: AppContext, request: AdminRequest): Promise<Reply>;
}

export type ContentType =
  'application/json' | 'application/octet-stream' | 'application/x-tar' | 'text/plain' | 'text/html';

export interface EndpointExample {
  /** curl arguments after the URL: `-F update=@software_package-1.1.0.enc`. */
  readonly arguments?: string;
  readonly status: 200 | 202;
  readonly contentType: ContentType;
  readonly body: string;
  /** Other answers: status and when it is given. */
  readonly errors?: readonly (readonly [status: number, when: string])[];
}

/** A request after the gate, authentication and upload: all that a handler sees of it. */
export interface AdminRequest {
  /** 16 hex digits; also in the log, the audit log and the `X-Request-Id` header. */
  readonly id: string;
  /** The path as requested, decoded, without the query. */
  readonly path: string;
  /** The client's address, if it is known. */
  readonly address: string | undefined;
  /** The token that the client has shown to know, by itself or by a hash; undefined where none is asked for. */
  readonly knownToken: string | undefined;
  /** Text fields of the form or, where the endpoint allows it, the query. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, UploadedFile>;
}

export interface UploadedFile {
  /** Where the upload lies. It is removed when the request ends unless it was moved away. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Where an uploaded file lies; a required one is there. */
export function fileOf(files: AdminRequest['files'], field: string): string {
  const file = files.get(field);
  if (!file) throw new Error(`the form has no file ${field}`);
  return file.path;
}

/** Where the uploaded files lie, by field. */
export function pathsOf(files: AdminRequest['files']): Record<string, string> {
  return Object.fromEntries([...files].map(([field, { path }]) => [field, path]));
}
