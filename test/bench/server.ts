import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { sleep } from '../../src/core/clock.js';
import { freePort } from '../support/free-port.js';

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** It can be called again. */
  stop(): Promise<void>;
}

const LISTEN_LIMIT_MS = 30_000;

/**
 * Starts a Node program that serves HTTPS on a port of 127.0.0.1, and waits until it listens.
 *
 * @param log gets what it prints, as a service manager would: a pipe to here would disturb what is measured
 */
export async function startServer(
  command: (port: number) => readonly string[],
  log: string,
): Promise<ServerProcess> {
  const port = await freePort();
  const output = await open(log, 'a');
  const child = spawn(process.execPath, command(port), { stdio: ['ignore', output.fd, output.fd] });
  const exited = once(child, 'exit');
  await output.close();
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const deadline = performance.now() + LISTEN_LIMIT_MS;
  while (!(await isListening(port))) {
    if (hasExited() || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${command(port).join(' ')} does not listen; see ${log}`);
    }
    await sleep(1);
  }
  return {
    pid: child.pid ?? 0,
    url: `https://127.0.0.1:${port}`,
    async stop() {
      if (!hasExited()) child.kill('SIGKILL');
      await exited;
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
