import type { Response } from 'express';
import { errnoOf, messageOf, AdminError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { UnusableFile } from '../core/read-only.js';
import type { Exchange } from './exchange.js';

/**
 * One line per request. The path is logged only when it names a resource: a mistyped URL may hold the token, and a
 * query always does.
 */
export function logWhenDone(logger: Logger, exchange: Exchange, method: string, response: Response): void {
  const started = performance.now();
  response.once('close', () => {
    logger.info(
      {
        requestId: exchange.id,
        method,
        path: exchange.resource ? exchange.path : undefined,
        status: response.writableFinished ? response.statusCode : undefined,
        durationMs: Math.round(performance.now() - started),
        address: exchange.address,
      },
      response.writableFinished ? 'request' : 'request cut off by the client',
    );
  });
}

/** The operator sees a fixed text; the log has the reason. */
export function logError(logger: Logger, exchange: Exchange, error: unknown): void {
  if (error instanceof AdminError && error.kind !== 'internal') {
    logger.debug({ requestId: exchange.id, kind: error.kind, reason: error.message }, 'request refused');
    return;
  }
  const reason = error instanceof AdminError ? (error.detail ?? error.message) : messageOf(error);
  logger.error({ requestId: exchange.id, reason, stack: stackOf(error) }, 'request failed');
}

/** Of a fault of the program; the reason alone tells of what the program knows, and of the system. */
function stackOf(error: unknown): string | undefined {
  if (error instanceof AdminError) return stackOf(error.cause);
  const isOfSystem = errnoOf(error) !== undefined || error instanceof UnusableFile;
  return error instanceof Error && !isOfSystem ? error.stack : undefined;
}
