import type { Express, Request } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';

/** What serves a request, and the prototypes that it gives request and response. */
export type App = Express;

/**
 * Request and response as the app wants them from their first moment. Express gives Node's own objects another prototype
 * with each request, and what V8 has learnt about them is void from then on.
 */
export function messageTypes(app: App) {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  // Express compares with these two, so they have to be the app's own. By classes, since V8 makes the objects of others slowly.
  app.request = inheriting(AppRequest, app.request);
  app.response = inheriting(AppResponse, app.response);
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

/**
 * Express parses the target of a request before the pipeline does, answers some in its own way, and has Node warn of others
 * with what they hold: it gets to see none. The pipeline reads `originalUrl`.
 */
export function withoutTarget(incoming: IncomingMessage): Request {
  const request = incoming as Request;
  request.originalUrl = request.url;
  request.url = '/';
  return request;
}

function inheriting<T extends object>({ prototype }: { readonly prototype: object }, from: T): T {
  return Object.setPrototypeOf(prototype, from) as T;
}
