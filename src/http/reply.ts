import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ContentType } from './endpoint.js';
import { pagePolicy } from './security-headers.js';

export interface FileReply {
  readonly kind: 'file';
  readonly contentType: ContentType;
  readonly path: string;
  /** To be saved under. */
  readonly filename?: string;
  /** Stays the same from one request to the next, so that it can be sent in part. */
  readonly isResumable?: boolean;
}

/** What a handler answers; the pipeline turns it into headers and bytes. */
export type Reply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: string;
      readonly location?: string;
      /** Called when the client has the answer, or cannot get it any more. */
      readonly onSent?: () => void;
    }
  | {
      readonly kind: 'page';
      readonly bytes: Buffer;
      readonly contentSecurityPolicy: string;
    }
  | FileReply
  | { readonly kind: 'redirect'; readonly location: string };

/** @param value anything that JSON can hold; sent compact, keys in the order given */
export function json(value: unknown, status = 200): Reply {
  return { kind: 'json', status, body: JSON.stringify(value) };
}

/** @param body JSON that is sent as it is */
export function verbatimJson(body: string): Reply {
  return { kind: 'json', status: 200, body };
}

export function ok(): Reply {
  return json({ Status: '200 OK' });
}

/**
 * @param location path at which the job's status can be read
 * @param onSent called when the client has the answer, or cannot get it any more
 */
export function accepted(location: string, onSent: () => void = () => undefined): Reply {
  const body = JSON.stringify({ Status: '202 Accepted', Location: location });
  return { kind: 'json', status: 202, body, location, onSent };
}

/** Sends a text file of any size as it is; the answer is 404 when it is missing. */
export function textFile(path: string): Reply {
  return { kind: 'file', contentType: 'text/plain', path };
}

/** Sends a file for the client to save, as a whole, as one is that is made anew for each request; 404 when it is missing. */
export function download(path: string, contentType: ContentType): FileReply {
  return { kind: 'file', contentType, path, filename: basename(path) };
}

/** The same, or from where an earlier download broke off. */
export function resumableDownload(path: string, contentType: ContentType): FileReply {
  return { ...download(path, contentType), isResumable: true };
}

/**
 * A page, ready to be sent as often as it is asked for.
 *
 * @param body may carry its own `<style>`: the content security policy is made to fit it
 */
export function html(body: string): Reply {
  const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? '';
  return {
    kind: 'page',
    bytes: Buffer.from(body),
    contentSecurityPolicy: pagePolicy(createHash('sha256').update(style).digest('base64')),
  };
}

export function redirect(location: string): Reply {
  return { kind: 'redirect', location };
}
