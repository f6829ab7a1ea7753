import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDoneWithin } from '../../../src/core/clock.js';

/** Which system call of the daemon fails, with what. */
export interface SystemCallFault {
  /** `main` accepts, talks and starts processes, `pool` works on files. */
  readonly thread: 'main' | 'pool';
  readonly call: string;
  readonly errno: string;
  /** From 1, counted from the moment of the injection. */
  readonly nth: number;
  /** Where only calls that concern this file count. */
  readonly path?: string;
}

/** Whether the daemon made the call so often; `impossible` where it was one that cannot fail. */
export type InjectionEnd = 'hit' | 'missed' | 'impossible';

export interface Injection {
  end(): Promise<InjectionEnd>;
}

const ATTACH_LIMIT_MS = 20_000;
/** What wakes a thread of the process itself: Node ends where that fails, which it cannot. */
const WAKE_UP = /<anon_inode:\[?(eventfd|eventpoll)|<pipe:/;

/** Lets a system call of a running process fail. Its children are left alone. */
export async function inject(
  pid: number,
  { thread, call, errno, nth, path }: SystemCallFault,
): Promise<Injection> {
  const directory = mkdtempSync(join(tmpdir(), 'admind-strace-'));
  const output = join(directory, 'calls');
  const threads = thread === 'main' ? [pid] : threadsOf(pid).filter((other) => other !== pid);
  const targets = threads.flatMap((id) => ['-p', String(id)]);
  const rules = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${errno}:when=${nth}`];
  if (path !== undefined) rules.push('-P', path);
  const strace = spawn('strace', ['-y', '-s', '0', '-o', output, ...rules, ...targets], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(strace, 'exit');
  let attached = 0;
  const isAttached = new Promise<void>((resolve) => {
    createInterface({ input: strace.stderr }).on('line', (line) => {
      if (line.includes(' attached')) attached += 1;
      if (attached === threads.length) resolve();
    });
  });
  const clear = () => rmSync(directory, { recursive: true, force: true });
  const isThere = await isDoneWithin(Promise.race([isAttached, exited]), ATTACH_LIMIT_MS);
  if (!isThere || attached < threads.length) {
    strace.kill('SIGKILL');
    clear();
    throw new Error('strace could not be attached to the daemon');
  }
  return {
    async end() {
      strace.kill('SIGINT');
      await exited;
      const hits = readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => line.includes('(INJECTED)'));
      clear();
      if (hits.some((line) => WAKE_UP.test(line))) return 'impossible';
      return hits.length > 0 ? 'hit' : 'missed';
    },
  };
}

/** One of them works on files; the others, the garbage collector's, make next to no calls. */
function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}
