import { link, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { sleep } from '../core/clock.js';
import { errnoOf, ignoreMissing } from '../core/errors.js';
import { readBytes, UnusableFile } from '../core/read-only.js';
import { repeatUntilDone } from '../core/repeat.js';
import { removeStaleStagedFiles, stagedSuffix, writeFileAtomic } from './atomic-file.js';
import { makeDirectory } from './make-directory.js';
import {
  currentScope,
  identify,
  isAlive,
  isGroupAlive,
  isProcessIdentity,
  type ProcessIdentity,
  type ProcessScope,
} from './processes.js';
import { removeTree } from './remove-tree.js';

/*
 * Two parts make a lock. Numbered claims decide who holds it: the highest one counts, a claim is published by link(2),
 * so of any number of contenders for the next number exactly one wins, and it holds as long as a process of its holder
 * lives, whatever the clock says. proper-lockfile's heartbeat beside it tells observers that cannot see those
 * processes (another PID namespace) whether the holder is alive.
 */

export interface Lock {
  /** Counts the processes of this group as the holder's, also when the holder itself is killed. */
  addGroup(leader: number): Promise<void>;
  release(): Promise<void>;
}

interface Holder extends ProcessScope {
  readonly process: ProcessIdentity;
  readonly groups: readonly ProcessIdentity[];
  /** Whether the process exists for what it does under the lock, and ends that on SIGTERM. */
  readonly isStoppable: boolean;
}

const STALE_MS = 10_000;
const EMPTY_AGAIN_MS = 500;
/** 15 digits: with more it would be no exact number any more, which has no next one. */
const HIGHEST_NUMBER = 999_999_999_999_999;
const WAIT_MS = 60_000;
const RETRY_MS = 50;
/** A claim tells pids: an observer with other rights may read it, whatever umask the holder was started with. */
const MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/**
 * Takes the lock that lives in `directory` (created when missing).
 *
 * @param isStoppable whether {@link terminateHolder} may send SIGTERM to this process
 * @returns undefined while any process of another holder is alive, or when another contender was faster
 */
export async function acquireLock(
  directory: string,
  { isStoppable = false }: { readonly isStoppable?: boolean } = {},
): Promise<Lock | undefined> {
  await makeDirectory(directory, DIRECTORY_MODE);
  const previous = await highestClaim(directory);
  if (await isHeldBy(directory, previous)) return undefined;
  if (previous === HIGHEST_NUMBER) {
    // No lock has had so many holders: it was put there, and no next one would count.
    await removeTree(claimFile(directory, previous));
    return acquireLock(directory, { isStoppable });
  }
  const number = (previous ?? 0) + 1;
  const holder: Holder = { ...currentScope(), process: identify(process.pid), groups: [], isStoppable };
  if (!(await publishClaim(directory, number, holder))) return undefined;
  try {
    if ((await highestClaim(directory)) !== number) {
      // Lower claims are deleted, so a contender with an old view can still win an old number: it counts for nothing.
      await rm(claimFile(directory, number), { force: true });
      return undefined;
    }
    await removeClaimsBelow(directory, number);
    await removeStaleStagedFiles(directory);
    return heldLock(directory, number, holder, await startHeartbeat(directory));
  } catch (error) {
    await emptyClaim(directory, number);
    throw error;
  }
}

/** As {@link acquireLock}, but waits for other holders, whose work is short. @throws Error after a minute */
export async function awaitLock(directory: string): Promise<Lock> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const lock = await acquireLock(directory);
    if (lock) return lock;
    if (performance.now() > deadline) {
      throw new Error(`another process has held the lock ${directory} for a minute`);
    }
    await sleep(RETRY_MS);
  }
}

/** Does something, then releases the lock: when this resolves, whoever is told may take it at once. */
export async function releaseAfter<T>(lock: Lock, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await lock.release();
  }
}

/** Whether a living process holds the lock in `directory`. */
export async function isLocked(directory: string): Promise<boolean> {
  return isHeldBy(directory, await highestClaim(directory));
}

/** Whether the process that took the lock in `directory` lives, and not only what it has left of its groups. */
export async function hasLivingHolder(directory: string): Promise<boolean> {
  return isHeldBy(directory, await highestClaim(directory), false);
}

/** Tells the process that holds the lock in `directory` to end, if it is stoppable and can be seen from here. */
export async function terminateHolder(directory: string): Promise<void> {
  const number = await highestClaim(directory);
  const holder = number === undefined ? undefined : await readHolder(claimFile(directory, number));
  if (!holder?.isStoppable || !isInScope(holder) || !isAlive(holder.process)) return;
  try {
    process.kill(holder.process.pid, 'SIGTERM');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

function heldLock(
  directory: string,
  number: number,
  holder: Holder,
  stopHeartbeat: () => Promise<void>,
): Lock {
  const file = claimFile(directory, number);
  let groups = holder.groups;
  return {
    async addGroup(leader) {
      groups = [...groups, identify(leader)];
      await writeFileAtomic(file, JSON.stringify({ ...holder, groups }), { mode: MODE });
    },
    async release() {
      // A directory that was removed meanwhile holds nothing to release.
      await stopHeartbeat().catch(() => undefined);
      await emptyClaim(directory, number);
    },
  };
}

async function isHeldBy(
  directory: string,
  number: number | undefined,
  countsGroups = true,
): Promise<boolean> {
  const holder = number === undefined ? undefined : await readHolder(claimFile(directory, number));
  if (holder?.bootId !== currentScope().bootId) return false;
  if (!isInScope(holder)) return lockfile.check(directory, heartbeatOptions(directory));
  return isAlive(holder.process) || (countsGroups && holder.groups.some(isGroupAlive));
}

/** Whether pids mean the same to the holder and to this process. */
function isInScope(holder: Holder): boolean {
  const { bootId, pidNamespace } = currentScope();
  return holder.bootId === bootId && holder.pidNamespace === pidNamespace;
}

/** An empty claim is a released one; anything else that is no holder, or no file, was damaged by a power failure or by hand. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse((await readBytes(file)).toString('utf8'));
    return isHolder(holder) ? holder : undefined;
  } catch (error) {
    const isNoClaim = error instanceof SyntaxError || error instanceof UnusableFile;
    if (isNoClaim || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { bootId, pidNamespace, process: holder, groups } = value as Partial<Record<keyof Holder, unknown>>;
  if (typeof bootId !== 'string' || typeof pidNamespace !== 'string') return false;
  return Array.isArray(groups) && [holder, ...(groups as unknown[])].every(isProcessIdentity);
}

async function publishClaim(directory: string, number: number, holder: Holder): Promise<boolean> {
  const staged = join(directory, `.${stagedSuffix()}`);
  try {
    await writeFileAtomic(staged, JSON.stringify(holder), { mode: MODE });
    await link(staged, claimFile(directory, number));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    // One that cannot be removed is found by a later holder.
    await rm(staged, { force: true }).catch(() => undefined);
  }
}

async function startHeartbeat(directory: string): Promise<() => Promise<void>> {
  const options = heartbeatOptions(directory);
  // Left by a holder that was killed; the claim says that nobody else beats here now.
  await removeTree(options.lockfilePath);
  return lockfile.lock(directory, { ...options, onCompromised: () => undefined });
}

function heartbeatOptions(directory: string) {
  return { realpath: false, stale: STALE_MS, lockfilePath: join(directory, 'heartbeat') };
}

async function highestClaim(directory: string): Promise<number | undefined> {
  const numbers = await claimNumbers(directory);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

async function removeClaimsBelow(directory: string, number: number): Promise<void> {
  for (const lower of await claimNumbers(directory)) {
    if (lower < number) await removeTree(claimFile(directory, lower));
  }
}

async function claimNumbers(directory: string): Promise<number[]> {
  const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
  return names.filter((name) => /^[1-9]\d{0,14}\.claim$/.test(name)).map((name) => parseInt(name, 10));
}

/**
 * The number stays taken: deleting it would let a contender with an old view win it a second time. A claim that cannot
 * be emptied now would hold the lock for as long as this process lives, so that is tried again and again.
 */
async function emptyClaim(directory: string, number: number): Promise<void> {
  const empty = () => truncate(claimFile(directory, number), 0).catch(ignoreMissing);
  await empty().catch(() => repeatUntilDone(EMPTY_AGAIN_MS, empty));
}

function claimFile(directory: string, number: number): string {
  return join(directory, `${number}.claim`);
}
