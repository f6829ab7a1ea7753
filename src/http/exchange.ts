import type { Request, Response } from 'express';
import type { AdminRequest, Endpoint } from './endpoint.js';
import type { Resource } from './router.js';

/** What the pipeline has found out about a request so far; each step adds its part. */
export interface Exchange {
  /** 16 hex digits. */
  readonly id: string;
  /** The path as the client wrote it, without the query: what a hash signs. */
  readonly rawPath: string;
  /** The same, percent-decoded. */
  readonly path: string;
  /** Query parameters; of a repeated one the last counts. */
  readonly query: ReadonlyMap<string, string>;
  readonly address: string | undefined;
  resource?: Resource;
  endpoint?: Endpoint;
  knownToken?: string;
  fields?: AdminRequest['fields'];
  files?: AdminRequest['files'];
  /** Removed with all that is left in it when the request has been handled. */
  uploadDirectory?: string;
}

/** A step of the pipeline: a rejection is the error that is answered. */
export type Step = (exchange: Exchange, request: Request, response: Response) => void | Promise<void>;

export function exchangeOf(response: Response): Exchange {
  return response.locals.exchange as Exchange;
}

/** The endpoint that an earlier step of the pipeline has found. */
export function endpointOf({ endpoint }: Exchange): Endpoint {
  if (!endpoint) throw new Error('the pipeline has not chosen an endpoint yet');
  return endpoint;
}
