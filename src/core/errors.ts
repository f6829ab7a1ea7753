import { isNativeError } from 'node:util/types';

/** What went wrong, in the words of the product; each API version maps a kind to a status code in one table. */
export type ErrorKind =
  | 'badRequest'
  | 'forbidden'
  | 'notFound'
  | 'tooLarge'
  | 'rangeNotSatisfiable'
  | 'throttled'
  | 'internal'
  | 'unavailable';

export interface AdminErrorOptions {
  /** A literal code that clients may compare, for example `E1004`. */
  readonly code?: string;
  /** For the log only: never sent to a client, never holds a secret. */
  readonly detail?: string;
  /** Whole seconds after which a throttled client may try again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * The one error that reaches a client. `message` is shown to the operator: a fixed text that says what was wrong
 * and what is allowed; an empty one sends the bare status.
 */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    message: string,
    options: AdminErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A condition that stops the daemon or a command: printed as one line, exit status 1, no stack. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
}

/** The `errno` name (`ENOENT`, `EADDRINUSE`, …) of a system error, if `error` is one. */
export function errnoOf(error: unknown): string | undefined {
  return textProperty(error, 'code');
}

/** Unlike {@link errnoOf} blind to the codes of Node's own errors (`ERR_…`), which are faults of the program. */
export function errnoOfSystemCall(error: unknown): string | undefined {
  return isNativeError(error) && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}

/** Whether a write failed for want of space, or of quota. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');
}

/** Whether a write failed as the disk takes nothing: it is full, or was made read-only after a fault. */
export function isUnwritable(error: unknown): boolean {
  return isDiskFull(error) || errnoOf(error) === 'EROFS';
}

/** For `catch`: that the disk takes nothing is no error, every other error is thrown on. */
export function ignoreUnwritable(error: unknown): undefined {
  if (!isUnwritable(error)) throw error;
}

/** For `catch`: a file that is not there is no error, every other error is thrown on. */
export function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

/** For `catch`: what this user may not look at is no error, every other error is thrown on. */
export function ignoreHidden(error: unknown): undefined {
  if (errnoOf(error) !== 'EACCES') throw error;
}

export function messageOf(error: unknown): string {
  return textProperty(error, 'message') ?? String(error);
}

/** Without `instanceof`: an error can come from another realm. */
function textProperty(error: unknown, name: 'code' | 'message'): string | undefined {
  const value =
    typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
