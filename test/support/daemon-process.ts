import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import request from 'supertest';
import { TOKEN, type TestAppliance } from './appliance.js';

/** The real daemon in a process of its own, for tests that kill it. */
export interface DaemonProcess {
  readonly process: ChildProcess;
  readonly port: number;
  readonly url: string;
  /** A request that carries the token. */
  call(method: 'get' | 'post', path: string): request.Test;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** What it printed so far. */
  output(): string;
}

export interface DaemonProcessOptions {
  /** Directory of the built product. */
  readonly product?: string | undefined;
  /** A program with its arguments that starts it. */
  readonly prefix?: readonly string[];
  /** Told of each line that it or one of its runners prints. */
  readonly onLine?: (line: string) => void;
}

/** Starts `admind serve` on the appliance, which must log at level info, and waits until it listens. */
export async function startDaemonProcess(
  { root }: Pick<TestAppliance, 'root'>,
  { product = '.', prefix = [], onLine }: DaemonProcessOptions = {},
): Promise<DaemonProcess> {
  const daemon = [process.execPath, resolve(product, 'dist/cli.js'), 'serve', '--root', root, '--port', '0'];
  const [program = '', ...args] = [...prefix, ...daemon];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const port = await new Promise<number>((listening, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      onLine?.(line);
      if (line.includes('"msg":"listening"')) listening((JSON.parse(line) as { port: number }).port);
    });
    child.once('exit', () => failed(new Error(`the daemon ended: ${output}`)));
  });
  const url = `https://127.0.0.1:${port}`;
  return {
    process: child,
    port,
    url,
    call: (method, path) => request(url)[method](`/api/v1/admin${path}?token=${TOKEN}`).disableTLSCerts(),
    async kill(signal) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
    output: () => output,
  };
}
