import { run } from '../support/run-program.js';
import type { WrkOptions } from './wrk.js';

/** More than any server answers in the time: ab keeps some memory for each, and would stop at 50,000 by itself. */
const REQUESTS = 10_000_000;

/**
 * Puts a server under load with ab: a new connection for each request and each handshake in full, as curl makes them.
 * wrk would resume the session of every other connection.
 *
 * @returns requests per second
 * @throws Error unless every answer was a good one
 */
export async function runAb(
  url: string,
  { connections, seconds }: Pick<WrkOptions, 'connections' | 'seconds'>,
): Promise<number> {
  const limits = ['-t', String(seconds), '-n', String(REQUESTS)];
  const output = await run('ab', '-q', '-c', String(connections), ...limits, url);
  const figure = (name: string) => Number(new RegExp(`^${name}: +([\\d.]+)`, 'm').exec(output)?.[1] ?? 0);
  const [requests, failed] = [figure('Complete requests'), figure('Failed requests')];
  const refused = figure('Non-2xx responses');
  if (requests === 0 || failed + refused > 0) {
    throw new Error(`${failed + refused} of ${requests} requests failed:\n${output}`);
  }
  return figure('Requests per second');
}
