import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { poll } from '../../support/poll.js';

/** For the environment of a daemon: its clock can be moved by {@link jumpClock}. */
export function clockEnvironment(name: string): readonly string[] {
  const module = pathToFileURL('test/faults/net/jumping-clock.mjs');
  return [`ADMIND_TEST_CLOCK=${clockFile(name)}`, `NODE_OPTIONS=--import=${module.href}`];
}

/** Sets the clock of a daemon ahead of the machine's; resolves when it is. */
export async function jumpClock(daemon: ChildProcess, name: string, aheadMs: number): Promise<void> {
  await writeFile(clockFile(name), String(aheadMs));
  daemon.kill('SIGUSR2');
  await poll('the clock has jumped', async () => (await readFile(clockFile(name), 'utf8')) === '');
}

export function clockFile(name: string): string {
  return join(tmpdir(), `admind-clock-${process.pid}-${name}`);
}
