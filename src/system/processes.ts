import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errnoOf } from '../core/errors.js';

/** Names one process beyond the reuse of its pid: pid and start time are unique within a boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; undefined where `/proc` does not tell. */
  readonly startTicks: number | undefined;
}

/** The scope in which pids mean anything: compare before asking whether a pid is alive. */
export interface ProcessScope {
  readonly bootId: string;
  readonly pidNamespace: string;
}

interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly startTicks: number;
}

export function currentScope(): ProcessScope {
  return {
    bootId: tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? 'unknown',
    pidNamespace: tryRead(() => readlinkSync('/proc/self/ns/pid')) ?? 'unknown',
  };
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks };
}

/** Whether this very process still runs; a zombie does not. */
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  if (!signalReaches(pid)) return false;
  const stat = readStat(pid);
  if (stat === undefined || startTicks === undefined) return true;
  return stat.startTicks === startTicks && !isZombie(stat);
}

/**
 * Whether any process of the group that `leader` founded still runs, also after the leader itself ended. A pid is
 * not given out again while a group bears it, so a leader with another start time heads a different group.
 */
export function isGroupAlive(leader: ProcessIdentity): boolean {
  if (!signalReaches(-leader.pid)) return false;
  const stat = readStat(leader.pid);
  if (stat !== undefined && leader.startTicks !== undefined && stat.startTicks !== leader.startTicks)
    return false;
  return groupMembers(leader.pid).length > 0;
}

/** Sends `signal` to every process of the group; a group that is gone is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

function groupMembers(group: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
      return stat?.group === group && !isZombie(stat);
    });
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function readStat(pid: number): ProcessStat | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  // proc(5): the command in parentheses may hold anything, so count the fields from its closing one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: Number(fields[19]) };
}

function isZombie(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
