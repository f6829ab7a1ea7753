import { readdirSync, readFileSync } from 'node:fs';
import { sleep } from '../../../src/core/clock.js';

/** States of /proc/PID/stat: a zombie, dead. */
const ENDED: readonly string[] = ['Z', 'X'];

/** Processes that `parent` has started and that run. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === parent);
}

/** Its words, each with a NUL byte behind it; empty for one that has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a process has not ended. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && !ENDED.includes(state);
}

/** Undefined for one that is gone. */
export function parentOf(pid: number): number | undefined {
  return statOf(pid)?.parent;
}

/** @returns whether a process that was sent a SIGSTOP has come to rest; false when it had ended before */
export async function isStopped(pid: number): Promise<boolean> {
  for (;;) {
    const state = statOf(pid)?.state;
    if (state === 'T') return true;
    if (state === undefined || ENDED.includes(state)) return false;
    await sleep(1);
  }
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
