import type { Express } from 'express';
import { IncomingMessage, ServerResponse } from 'node:http';

/** What serves a request, and the prototypes that it gives request and response. */
export type App = Express;

/**
 * Request and response as the app wants them from their first moment. Express gives Node's own objects another prototype
 * with each request, and what V8 has learnt about them is void from then on.
 */
export function messageTypes({ request, response }: App) {
  return {
    IncomingMessage: bornAs(IncomingMessage, request),
    ServerResponse: bornAs(ServerResponse, response),
  };
}

/** The same constructor for objects with another prototype, which inherits from its own. */
function bornAs<T extends new (...parts: never[]) => object>(type: T, prototype: object): T {
  const born = function (...parts: never[]): object {
    return Reflect.construct(type, parts, born) as object;
  };
  born.prototype = prototype;
  return born as unknown as T;
}
