import type { Request, Response } from 'express';
import type { ErrorReply } from './error-reply.js';
import { closeAfterUnreadBody } from './unread-body.js';
import type { Reply } from './reply.js';
import { sendFile } from './send-file.js';

/** Turns a reply into headers and bytes. Content types are exact: no charset parameter. */
export async function send(request: Request, response: Response, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      if (reply.location !== undefined) response.setHeader('Location', reply.location);
      if (reply.onSent) callWhenClosed(response, reply.onSent);
      sendBody(request, response, reply.status, 'application/json', reply.body);
      return;
    case 'page':
      response.setHeader('Content-Security-Policy', reply.contentSecurityPolicy);
      sendBody(request, response, 200, 'text/html', reply.bytes);
      return;
    case 'redirect':
      response.setHeader('Location', reply.location);
      sendBody(request, response, 302, 'text/plain', '');
      return;
    case 'file':
      await sendFile(request, response, reply);
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
  body: string | Buffer,
): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  const length = Buffer.byteLength(body);
  response.setHeader('Content-Length', length);
  if (closeAfterUnreadBody(request, response, body)) return;
  // Node joins a text with the head, and writes once; ASCII is the same in Latin-1, and the quicker to encode.
  if (length === body.length) response.end(body, 'latin1');
  else response.end(body);
}

/** A client can be gone before there is an answer. */
function callWhenClosed(response: Response, act: () => void): void {
  if (response.closed) act();
  else response.once('close', act);
}
