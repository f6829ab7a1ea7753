import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { AdminError, errnoOf } from '../core/errors.js';
import type { ErrorReply } from './error-reply.js';
import { closeAfterUnreadBody } from './unread-body.js';
import type { Reply } from './reply.js';
import { pagePolicy } from './security-headers.js';

/** Turns a reply into headers and bytes. Content types are exact: no charset parameter. */
export async function send(request: Request, response: Response, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      if (reply.location !== undefined) response.setHeader('Location', reply.location);
      sendBody(request, response, reply.status, 'application/json', reply.body);
      return;
    case 'text':
      if (reply.contentType === 'text/html') {
        response.setHeader('Content-Security-Policy', pagePolicy(styleHash(reply.body)));
      }
      sendBody(request, response, 200, reply.contentType, reply.body);
      return;
    case 'redirect':
      response.setHeader('Location', reply.location);
      sendBody(request, response, 302, 'text/plain', '');
      return;
    case 'file':
      await sendFile(request, response, reply.path, reply.contentType);
  }
}

export function sendError(
  request: Request,
  response: Response,
  { status, reason, headers, body }: ErrorReply,
): void {
  response.statusMessage = reason;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  sendBody(request, response, status, 'application/json', body);
}

function sendBody(
  request: Request,
  response: Response,
  status: number,
  contentType: string,
  body: string,
): void {
  const bytes = Buffer.from(body);
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', bytes.length);
  if (!closeAfterUnreadBody(request, response, bytes)) response.end(bytes);
}

async function sendFile(
  request: Request,
  response: Response,
  path: string,
  contentType: string,
): Promise<void> {
  const handle = await openIfPresent(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new AdminError('notFound', '');
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', stats.size);
    response.setHeader('Last-Modified', stats.mtime.toUTCString());
    if (request.method === 'HEAD' || stats.size === 0) {
      response.end();
      return;
    }
    // The size as it was when the length was announced: a log grows while it is read.
    await pipeline(handle.createReadStream({ end: stats.size - 1, autoClose: false }), response).catch(
      (error: unknown) => {
        if (!response.closed) throw error;
      },
    );
  } finally {
    await handle.close();
  }
}

async function openIfPresent(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new AdminError('notFound', '');
    throw error;
  }
}

function styleHash(page: string): string {
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
  return createHash('sha256').update(style).digest('base64');
}
