import type { Express } from 'express';
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

function inheriting<T extends object>({ prototype }: { readonly prototype: object }, from: T): T {
  return Object.setPrototypeOf(prototype, from) as T;
}
