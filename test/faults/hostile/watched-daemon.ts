import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDoneWithin } from '../../../src/core/clock.js';
import { productPath } from '../../../src/config/paths.js';

/** A daemon in a process of its own, of which everything is seen that it prints. */
export interface WatchedDaemon {
  readonly pid: number;
  readonly port: number;
  /** All that it and its runners printed, on both of its outputs. */
  output(): string;
  /** Lines of its log that tell of a fault of its own, and what it printed that is no log line. */
  faults(): readonly string[];
  isAlive(): boolean;
  memoryBytes(): number;
  /** What it has taken of a processor so far: unlike a clock, it does not tell of what else runs on the machine. */
  processorMs(): number;
  openFiles(): number;
  /** @returns the exit status; null where it had to be killed */
  stop(): Promise<number | null>;
}

/** A daemon that ended before it listened, as a supervisor sees it. */
export interface EndedDaemon {
  readonly status: number | null;
  readonly output: string;
}

const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 60_000;
const ERROR_LEVEL = 50;

/** Starts `admind serve` on a free port. @throws Error where it neither listens nor ends in time */
export async function startWatchedDaemon(root: string): Promise<WatchedDaemon | EndedDaemon> {
  const args = [productPath('dist/cli.js'), 'serve', '--root', root, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let port: number | undefined;
  const listening = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (!line.includes('"msg":"listening"')) return;
      port = (JSON.parse(line) as { port: number }).port;
      resolve();
    });
    createInterface({ input: child.stderr }).on('line', (line) => void lines.push(line));
  });
  // What its runners hold open is waited for: they may outlive it, but not for long.
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const drained = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const output = () => lines.join('\n');
  const hasBegun = await isDoneWithin(Promise.race([listening, exited]), START_LIMIT_MS);
  if (!hasBegun) {
    child.kill('SIGKILL');
    throw new Error(`the daemon neither listens nor ends:\n${output()}`);
  }
  if (port === undefined) {
    await isDoneWithin(drained, 1_000);
    return { status: child.exitCode, output: output() };
  }
  const { pid = 0 } = child;
  return {
    pid,
    port,
    output,
    faults: () => lines.filter(isFault),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    memoryBytes: () => residentBytes(pid),
    processorMs: () => processorMs(pid),
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    async stop() {
      child.kill('SIGTERM');
      if (!(await isDoneWithin(exited, STOP_LIMIT_MS))) {
        child.kill('SIGKILL');
        await exited;
        return null;
      }
      await isDoneWithin(drained, 1_000);
      return child.exitCode;
    },
  };
}

export function isRunning(daemon: WatchedDaemon | EndedDaemon): daemon is WatchedDaemon {
  return 'pid' in daemon;
}

function isFault(line: string): boolean {
  try {
    return (JSON.parse(line) as { level: number }).level >= ERROR_LEVEL;
  } catch {
    return true;
  }
}

function residentBytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return 1024 * Number(kibibytes);
}

/** proc(5): the 14th and the 15th field, in ticks of 10 ms; the second one may hold blanks. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
