import { createServer } from 'node:https';
import { readPeer } from './peer.mjs';

/* The least that Node can do: bare `node:https`. */
const { tls, body, port } = readPeer();
const json = JSON.stringify(body);
const headers = { 'Content-Type': 'application/json', 'Content-Length': json.length };
createServer(tls, (_request, response) => response.writeHead(200, headers).end(json)).listen(
  port,
  '127.0.0.1',
);
