import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ProxyProgram {
  readonly pid: number;
  /** Told when it is told to reload: `HUP`. */
  readonly signals: AsyncIterator<string>;
  kill(): void;
}

/** Runs a program of that name, as pid files tell of one. @param directory where it is put */
export async function startProxyProgram(directory: string, name: string): Promise<ProxyProgram> {
  const program = join(directory, name);
  await writeFile(
    program,
    '#!/bin/sh\ntrap "echo HUP" HUP\necho ready\nwhile :; do sleep 60 & wait $! || kill $!; done\n',
    { mode: 0o755 },
  );
  const { pid, stdout } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  if (pid === undefined) throw new Error(`${program} could not be started`);
  // With its children, which would hold the standard error of the test run.
  const kill = () => void process.kill(-pid, 'SIGKILL');
  const signals = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const { value } = await signals.next();
  if (value === 'ready') return { pid, signals, kill };
  kill();
  throw new Error(`${program} is not ready, but says ${value}`);
}
