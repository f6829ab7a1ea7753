/*
 * Starts `admind` like Node itself, but stops itself when its modules are read, until it gets SIGCONT: faults can be
 * injected into what it does itself, then. Arguments: those of the command line, from the program on.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , program, cli, ...args] = process.argv;
const chunks = join(dirname(cli), 'chunks');
for (const name of readdirSync(chunks).filter((file) => file.endsWith('.js'))) {
  await import(pathToFileURL(join(chunks, name)).href);
}
process.argv = [program, cli, ...args];
process.kill(process.pid, 'SIGSTOP');
await import(pathToFileURL(cli).href);
