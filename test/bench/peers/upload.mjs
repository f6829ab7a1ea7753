import { createWriteStream } from 'node:fs';
import { createServer } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { readPeer } from './peer.mjs';

/* The least that an upload takes: the request, as it is, piped to a file. */
const { tls, uploaded, port } = readPeer();
createServer(tls, (request, response) => {
  void pipeline(request, createWriteStream(uploaded)).then(() => response.writeHead(202).end());
}).listen(port, '127.0.0.1');
