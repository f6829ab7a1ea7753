import assert from 'node:assert/strict';
import { poll } from '../../support/poll.js';
import type { Stand } from '../stand/stand.js';
import type { Subject } from '../stand/subject.js';
import { attributesOf, changedAttributes, type Attributes } from './attributes.js';
import { heldLocks, newFiles, processesOf } from './leftovers.js';
import { leakedSecrets } from './secrets.js';
import { awaitSettled, readTold } from './truth.js';

/** What a fault may take from an appliance without being a fault of the product. */
export interface Tolerance {
  /** Lines of the job's log: the disk that they belong on did not take them. */
  readonly losesLog?: boolean;
  /** Files, until the job has run once more: the disk did not let them be removed. */
  readonly keepsFiles?: boolean;
  /** A success that was told before: what it told of may be done, and fail afterwards. */
  readonly failsWhenDone?: boolean;
}

/** How it was after a round without a fault. */
export interface Known {
  readonly names: readonly string[];
  readonly attributes: Attributes;
}

export interface Round {
  readonly stand: Stand;
  readonly subject: Subject;
  readonly round: number;
  /** The round whose state there was before. */
  readonly before: number;
  /** Status of the answer, if there was one. */
  readonly code: number | undefined;
  /** Whether the job has told a stage in this round: from there on its status is of this round. */
  readonly hasBegun: boolean;
  /** Whether its success was to be seen before the fault. */
  readonly isTold?: boolean;
  readonly tolerance?: Tolerance;
}

/**
 * The oracle: the state is the old one or the new one, nothing in between; answer, status and log tell which.
 *
 * @returns the round whose state there is now
 */
export async function judge(judged: Round): Promise<number> {
  const { stand, subject, round, before, code, hasBegun, isTold, tolerance = {} } = judged;
  const { appliance } = stand;
  await awaitSettled(subject.job, appliance);
  const told = await readTold(subject.job, appliance);
  const reached = await subject.state(appliance);
  const facts = `answer ${code ?? 'none'}, status ${String(told.status)}, log ${told.log ?? 'none'}, state of ${reached}, round ${round} after ${before}`;
  assert.ok(reached === round || reached === before, `the state is the old one or the new one: ${facts}`);
  const isAccepted = code !== undefined && code < 300;
  if (subject.isUndone && code !== undefined && !isAccepted) {
    assert.equal(reached, before, `what was refused has changed nothing: ${facts}`);
  }
  if (code === 200 && subject.isToldBefore !== true)
    assert.equal(reached, round, `what was answered is there: ${facts}`);
  if (!hasBegun && !isAccepted) return reached;
  if (tolerance.losesLog !== true)
    assert.equal(told.log, told.status, `log and status tell the same: ${facts}`);
  await subject.requireServed?.(stand.daemon.port, reached);
  if (subject.isToldBefore === true) {
    if (reached === round && tolerance.failsWhenDone !== true)
      assert.equal(told.status, 'success', `what was done was told before: ${facts}`);
    return reached;
  }
  if (isTold === true) assert.equal(told.status, 'success', `a success that was told stays one: ${facts}`);
  if (told.status === 'success')
    assert.equal(reached, round, `a success has brought about the new state: ${facts}`);
  else assert.equal(told.status, 'failed', `a job that has ended tells how: ${facts}`);
  if (subject.isUndone && told.status === 'failed') {
    assert.equal(reached, before, `a failure has left the old state: ${facts}`);
  }
  return reached;
}

/** No file, process or lock is left behind, no secret is told, and the next request is answered. */
export async function requireClean(
  stand: Stand,
  known: Known,
  { keepsFiles = false }: Tolerance = {},
): Promise<void> {
  const { appliance, daemon } = stand;
  const left = async () => [
    ...(keepsFiles ? [] : await newFiles(appliance, known.names)).map((name) => `file ${name}`),
    ...(await processesOf(appliance, [daemon.process.pid])).map(
      ({ pid, command }) => `process ${pid} ${command}`,
    ),
    ...(await heldLocks(appliance)).map((name) => `lock ${name}`),
  ];
  await poll('nothing is left', async () => (await left()).length === 0, 15_000).catch(async () => {
    requireNone('nothing is left behind', await left());
  });
  const attributes = await attributesOf(appliance);
  requireNone('modes and owners stay', changedAttributes(known.attributes, attributes));
  requireNone('no secret is told', await leakedSecrets(stand));
  const { status } = await daemon.call('get', '/version');
  assert.ok(status === 200 || status === 404, `the next request is answered, not with ${status}`);
}

function requireNone(what: string, exceptions: readonly string[]): void {
  assert.ok(exceptions.length === 0, `${what}, but: ${exceptions.join(', ')}`);
}
