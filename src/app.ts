import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { authenticate } from './auth/authenticate.js';
import { tellFirstRun } from './auth/first-run.js';
import type { AppContext } from './context.js';
import { AdminError } from './core/errors.js';
import { findResource } from './gate/gate.js';
import { clientAddress } from './http/client-address.js';
import type { Endpoint } from './http/endpoint.js';
import { errorReply } from './http/error-reply.js';
import { endpointOf, exchangeOf, type Exchange, type Step } from './http/exchange.js';
import { receiveForm } from './http/receive-form.js';
import type { Reply } from './http/reply.js';
import { logError, logWhenDone } from './http/request-log.js';
import { decodePercent, parseQuery, splitTarget } from './http/request-target.js';
import { createRequestId } from './http/request-id.js';
import { createRouter, type Router } from './http/router.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { requireHost } from './http/require-host.js';
import { removeUploadDirectory } from './http/upload-directory.js';
import { selectMethod } from './http/select-method.js';
import { send, sendError } from './http/send.js';

const ON_EVERY_ANSWER = Object.entries(SECURITY_HEADERS);

/**
 * The life of a request, in order. Each step adds to the exchange or throws the error that is answered.
 *
 * @param isStopping whether the daemon is shutting down: it answers what is under way and takes nothing new but the question whether it is ready
 */
export function createApp(
  context: AppContext,
  endpoints: readonly Endpoint[],
  isStopping: () => boolean,
): Express {
  const app = express();
  const route = createRouter(endpoints);
  app.disable('x-powered-by');

  const steps: readonly Step[] = [
    requireHost, // 400
    refuseWhile(isStopping, route), // 503
    findResource(route, context.gate), // 404
    authenticate(context), // 403, 429
    selectMethod, // 400
    receiveForm(context), // 400, 413: nothing of a body is read before this
  ];
  app.use(begin(context)); // request id, security headers, log line
  app.use(async (request, response) => {
    for (const step of steps) await step(exchangeOf(response), request, response);
    await handle(context, request, response); // the endpoint's own answer
  });
  app.use(answerError(context));
  return app;
}

function begin({ logger }: AppContext) {
  return (request: Request, response: Response, next: NextFunction) => {
    const { rawPath, rawQuery } = splitTarget(request.originalUrl);
    const exchange: Exchange = {
      id: createRequestId(),
      rawPath,
      path: decodePercent(rawPath),
      query: parseQuery(rawQuery),
      address: clientAddress(request.socket, request.headers['x-forwarded-for']),
    };
    response.locals.exchange = exchange;
    response.setHeader('X-Request-Id', exchange.id);
    for (const [name, value] of ON_EVERY_ANSWER) response.setHeader(name, value);
    logWhenDone(logger, exchange, request.method, response);
    next();
  };
}

function refuseWhile(isStopping: () => boolean, route: Router): Step {
  return ({ path }, _request, response) => {
    if (!isStopping()) return;
    response.setHeader('Connection', 'close');
    if (route(path)?.answersWhileStopping === true) return;
    throw new AdminError('unavailable', 'The daemon is shutting down. Try again in a moment', {
      retryAfterSeconds: 5,
    });
  };
}

async function handle(context: AppContext, request: Request, response: Response): Promise<void> {
  const exchange = exchangeOf(response);
  try {
    await send(request, response, await answer(context, exchange, request));
  } finally {
    if (exchange.uploadDirectory !== undefined) await removeUploadDirectory(exchange.uploadDirectory);
  }
}

async function answer(context: AppContext, exchange: Exchange, { socket }: Request): Promise<Reply> {
  // The client has sent all that it has to: how long the answer takes is not its idleness.
  socket.setTimeout(0);
  try {
    return await endpointOf(exchange).handle(context, {
      id: exchange.id,
      path: exchange.path,
      address: exchange.address,
      knownToken: exchange.knownToken,
      fields: exchange.fields ?? new Map(),
      files: exchange.files ?? new Map(),
    });
  } finally {
    socket.setTimeout(context.settings.idleTimeoutMs);
  }
}

function answerError(context: AppContext) {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    logError(context.logger, exchangeOf(response), error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendError(request, response, errorReply(error, tellFirstRun(context)));
  };
}
