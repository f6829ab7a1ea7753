import { statSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/* Loaded before a program of the product: a signal reaches it while it loads the first large part of itself. */

const LARGE_BYTES = 50_000;
const { LOAD_SIGNAL: signal } = process.env;
let isSent = false;

if (isMainThread) register(import.meta.url);

export async function load(url, context, next) {
  if (!isSent && url.startsWith('file:') && statSync(fileURLToPath(url)).size > LARGE_BYTES) {
    isSent = true;
    process.kill(process.pid, signal);
  }
  return next(url, context);
}
