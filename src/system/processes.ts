import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sleep } from '../core/clock.js';
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

const GONE: readonly string[] = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'];
const KILL_GRACE_MS = 5_000;
const KILL_LIMIT_MS = 5_000;

let scope: ProcessScope | undefined;

/** @throws the system error that kept `/proc` from being read: in a scope that is not known every holder of a lock looks dead */
export function currentScope(): ProcessScope {
  return (scope ??= {
    bootId: ifThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? 'unknown',
    pidNamespace: ifThere(() => readlinkSync('/proc/self/ns/pid')) ?? 'unknown',
  });
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks };
}

/** For identities that were read from a file. */
export function isProcessIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTicks } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  const isStart = startTicks === undefined || typeof startTicks === 'number';
  // kill(2) takes 0 for this process's own group.
  return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 && isStart;
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
  if (leader.pid < 1 || !signalReaches(-leader.pid)) return false;
  const stat = readStat(leader.pid);
  if (stat !== undefined && leader.startTicks !== undefined && stat.startTicks !== leader.startTicks)
    return false;
  return hasMembers(leader.pid);
}

/** Terminates every process of the group that `leader` founded, after a grace kills; resolves when none is left. */
export async function stopGroup(leader: ProcessIdentity): Promise<void> {
  signalGroup(leader.pid, 'SIGTERM');
  const deadline = performance.now() + KILL_GRACE_MS;
  while (isGroupAlive(leader)) {
    if (performance.now() > deadline) signalGroup(leader.pid, 'SIGKILL');
    await sleep(50);
  }
}

/**
 * Kills every process of the group that `leader` founded; resolves when none is left, or after five seconds: what is
 * stuck in the kernel, or belongs to another user, outlives a kill.
 *
 * @returns whether none is left
 */
export async function killGroup(leader: ProcessIdentity): Promise<boolean> {
  const deadline = performance.now() + KILL_LIMIT_MS;
  while (isGroupAlive(leader)) {
    if (performance.now() > deadline) return false;
    signalGroup(leader.pid, 'SIGKILL');
    await sleep(5);
  }
  return true;
}

/** A group that is gone, or that belongs to another user, gets no signal. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  // kill(2) takes them for this process's own group, and for all processes: neither is a script's.
  if (group <= 1) return;
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH' && errnoOf(error) !== 'EPERM') throw error;
  }
}

/** Without `/proc` the zombies of a group cannot be told from its members. */
function hasMembers(group: number): boolean {
  const names = tryRead(() => readdirSync('/proc'));
  return names?.some((name) => /^\d+$/.test(name) && mayBeMember(Number(name), group)) ?? true;
}

function mayBeMember(pid: number, group: number): boolean {
  try {
    const stat = ifThere(() => statOf(pid));
    return stat?.group === group && !isZombie(stat);
  } catch {
    return true;
  }
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
  return tryRead(() => statOf(pid));
}

function statOf(pid: number): ProcessStat {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): the command in parentheses may hold anything, so count the fields from its closing one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: Number(fields[19]) };
}

function isZombie(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** @returns undefined where it is gone, or hidden from this user; @throws what else keeps it from being read */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!GONE.includes(errnoOf(error) ?? '')) throw error;
    return undefined;
  }
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
