import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/*
 * The runner of a job that stops itself once it is loaded, and goes on by SIGCONT: what is traced from there on is the
 * job, and none of the calls by which a runtime starts. Argument: the program of the runner.
 */

const [, , runner] = process.argv;
const chunks = [...readFileSync(runner, 'utf8').matchAll(/\b(?:from|import\(?)"(\.[^"]+)"/g)];
if (chunks.length === 0)
  throw new Error(`${runner} imports nothing: what it needs cannot be loaded before it runs`);
for (const [, chunk] of chunks) await import(resolve(dirname(runner), chunk));
process.kill(process.pid, 'SIGSTOP');
await import(runner);
