import express from 'express';
import { createServer } from 'node:https';
import { readPeer } from './peer.mjs';

/* The least that Express can do: one route, one `response.json`. */
const { tls, body, port } = readPeer();
const app = express();
app.get('/api/v1/admin/version', (_request, response) => void response.json(body));
createServer(tls, app).listen(port, '127.0.0.1');
