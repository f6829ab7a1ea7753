import { join } from 'node:path';
import { journalOf, type Paths } from '../config/paths.js';
import { sleep } from '../core/clock.js';
import { ignoreUnwritable, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { readsRunning } from '../records/job-status.js';
import { exists } from '../system/exists.js';
import { acquireLock, isLocked, releaseAfter, type Lock } from '../system/lock.js';
import { conflictsOf } from './conflicts.js';
import { jobs, type JobName } from './index.js';

/** The job that keeps another one from starting: it runs. */
export interface Refused {
  readonly refusedBy: JobName;
}

const WAIT_MS = 5_000;

/**
 * Takes the lock of a job, unless it or one that it conflicts with is running. A holder whose status does not read
 * `running` is about to begin or to finish, so that is waited for, five seconds at most.
 */
export async function acquireJobLock(
  name: JobName,
  paths: Paths,
  logger: Pick<Logger, 'error'>,
): Promise<Lock | Refused> {
  if (jobs[name].needsNoSpace !== true) return awaitLock(name, paths);
  const tellIfUnwritable = (error: unknown) => {
    ignoreUnwritable(error);
    logger.error({ job: name, reason: messageOf(error) }, 'a lock could not be written');
  };
  // Twice: where there is space again, one that runs without a lock would be taken for one that was cut off.
  const atOnce = await awaitLock(name, paths).catch(ignoreUnwritable);
  const lock = atOnce ?? (await awaitLock(name, paths).catch(tellIfUnwritable));
  if (!lock) {
    const refusedBy = await findObstacle(name, paths);
    return refusedBy === undefined ? NO_LOCK : { refusedBy };
  }
  if ('refusedBy' in lock) return lock;
  return { ...lock, addGroup: (leader) => lock.addGroup(leader).catch(tellIfUnwritable) };
}

/** Of a job that needs no space, where there is none for a lock: while that is so, no other job can start. */
const NO_LOCK: Lock = { addGroup: () => Promise.resolve(), release: () => Promise.resolve() };

async function awaitLock(name: JobName, paths: Paths): Promise<Lock | Refused> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const lock = await tryToAcquire(name, paths);
    if (lock) return lock;
    const refusedBy = await findRunning(name, paths);
    if (refusedBy !== undefined) return { refusedBy };
    if (performance.now() > deadline) return { refusedBy: (await findObstacle(name, paths)) ?? name };
    await sleep(20);
  }
}

/** The job itself or one of its conflicts, if it holds its lock and its status reads `running`. */
export async function findRunning(name: JobName, paths: Paths): Promise<JobName | undefined> {
  for (const other of [name, ...conflictsOf(name)]) {
    const isHeld = await isLocked(lockOf(other, paths));
    if (isHeld && (await readsRunning(jobs[other].status(paths)))) return other;
  }
  return undefined;
}

export function lockOf(name: JobName, paths: Paths): string {
  return join(paths.locks, name);
}

/** One job at a time looks at the others and takes its own lock: of two that conflict, the first one wins. */
async function tryToAcquire(name: JobName, paths: Paths): Promise<Lock | undefined> {
  const turn = await acquireLock(join(paths.locks, 'start'));
  if (!turn) return undefined;
  return releaseAfter(turn, async () => {
    if ((await findObstacle(name, paths)) !== undefined) return undefined;
    return acquireLock(lockOf(name, paths), { isStoppable: true });
  });
}

/**
 * The job that keeps this one from its lock: it holds its own, or it is a conflict whose change was cut off and is not put
 * right yet, so that what would be read or replaced is no state of anything.
 */
async function findObstacle(name: JobName, paths: Paths): Promise<JobName | undefined> {
  const conflicts = conflictsOf(name);
  for (const other of [name, ...conflicts]) if (await isLocked(lockOf(other, paths))) return other;
  if (jobs[name].isRemedy === true) return undefined;
  for (const other of conflicts) if (await exists(journalOf(paths, other))) return other;
  return undefined;
}
