import { run } from '../support/run-program.js';

export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
  /** How long each connection waits between answer and next request; 0 for none. */
  readonly pauseMs?: number;
}

export interface WrkFigures {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

const SCRIPT = 'test/bench/wrk.lua';

/** Puts a server under load with wrk. @throws Error unless every answer was a good one */
export async function runWrk(url: string, options: WrkOptions): Promise<WrkFigures> {
  const { connections, seconds, pauseMs = 0 } = options;
  const output = await run(
    'wrk',
    ...['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
    ...['--timeout', '10s', '--script', SCRIPT, url, '--', String(pauseMs)],
  );
  const line = /^figures (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk printed no figures:\n${output}`);
  const figures = JSON.parse(line) as Record<'requests' | 'seconds' | 'p99Ms' | 'errors', number>;
  if (figures.errors > 0 || figures.requests === 0) {
    throw new Error(`${figures.errors} of ${figures.requests} requests failed:\n${output}`);
  }
  return { requestsPerSecond: figures.requests / figures.seconds, p99Ms: figures.p99Ms };
}
