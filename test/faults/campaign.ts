import { availableParallelism } from 'node:os';
import type { JobName } from '../../src/jobs/index.js';
import { messageOf } from '../../src/core/errors.js';
import { allJobs } from './jobs-of.js';
import { createRandom } from './random.js';
import type { Extent, Group, Row, Verdict } from './row.js';

export interface LostRow {
  readonly row: string;
  readonly reason: string;
}

export interface MissedRow {
  readonly row: string;
  /** Why it was not run; where it was, its fault found nothing to hit. */
  readonly lacks?: string | undefined;
}

export interface GroupResult {
  readonly group: string;
  /** The one that it is about, of a group in full that tries one job after the other. */
  readonly job?: JobName | undefined;
  readonly about: string;
  /** All of its rows: those that survived, that missed, and that are lost. */
  readonly tried: number;
  readonly survived: number;
  readonly missed: readonly MissedRow[];
  readonly lost: readonly LostRow[];
  readonly seconds: number;
  /** Why none of its rows was tried. */
  readonly skipped?: string;
}

export interface CampaignOptions extends Omit<Extent, 'random'> {
  readonly groups: readonly Group[];
  readonly seed: number;
  /** Told of each line as it happens. */
  readonly print: (line: string) => void;
  /** Whether rows that survive or miss are printed, too. */
  readonly isVerbose?: boolean;
  /** Ends the campaign after the row that is tried: what was set up for it is taken down. */
  readonly stop?: AbortSignal;
}

const ROW_LIMIT_MS = 120_000;

/** Tries every row of every group, one group after the other. */
export async function runCampaign(options: CampaignOptions): Promise<readonly GroupResult[]> {
  const results: GroupResult[] = [];
  for (const group of options.groups) {
    for (const job of partsOf(group, options)) {
      if (options.stop?.aborted !== true) results.push(await runGroup(group, options, job));
    }
  }
  return results;
}

function partsOf({ isByJob }: Group, { isShort, jobs }: CampaignOptions): readonly (JobName | undefined)[] {
  if (isByJob !== true || isShort) return [undefined];
  return jobs ?? allJobs;
}

/** @param job of which alone this is a part */
async function runGroup(
  group: Group,
  options: CampaignOptions,
  job: JobName | undefined,
): Promise<GroupResult> {
  const { print, seed, rows, isVerbose = false, stop } = options;
  const { name, about } = group;
  const skipped = group.lacks?.();
  if (skipped !== undefined) {
    print(`SKIPPED  ${name}: ${skipped}`);
    return { group: name, job, about, tried: 0, survived: 0, missed: [], lost: [], seconds: 0, skipped };
  }
  print(`${partName({ group: name, job })}: ${about}`);
  const began = performance.now();
  const lost: LostRow[] = [];
  const missed: MissedRow[] = [];
  let tried = 0;
  const lose = (row: string, error: unknown) => {
    lost.push({ row, reason: messageOf(error) });
    print(`LOST     ${name}: ${row}\n${indent(describe(error))}`);
  };
  const tryRow = async (row: Row) => {
    tried += 1;
    if (row.lacks !== undefined) {
      missed.push({ row: row.name, lacks: row.lacks });
      print(`MISSED   ${name}: ${row.name}: ${row.lacks}`);
      return;
    }
    try {
      const verdict = await runWithin(row);
      if (verdict === 'missed') missed.push({ row: row.name });
      if (isVerbose) print(`${verdict ?? 'survived'} ${name}: ${row.name}`);
    } catch (error) {
      lose(row.name, error);
    }
  };
  const jobs = job === undefined ? options.jobs : [job];
  const left = oneByOne(group.rows({ ...options, jobs, random: createRandom(seed, name) }));
  const tryThoseLeft = async () => {
    try {
      for await (const row of left) {
        if (stop?.aborted === true) break;
        if (rows?.test(row.name) !== false) await tryRow(row);
      }
    } catch (error) {
      // What makes the rows is a row, too: a group that cannot go on has not survived.
      tried += 1;
      lose('the rest of the group', error);
    }
  };
  const atOnce = group.isIndependent === true ? availableParallelism() : 1;
  await Promise.all(Array.from({ length: atOnce }, tryThoseLeft));
  const seconds = Math.round((performance.now() - began) / 1000);
  const result = {
    group: name,
    job,
    about,
    tried,
    survived: tried - missed.length - lost.length,
    missed,
    lost,
    seconds,
  };
  print(`${partName(result)}: ${count([result])} (${seconds} s)`);
  return result;
}

/** What several may take from, each the next one. */
async function* oneByOne(rows: ReturnType<Group['rows']>): AsyncGenerator<Row, void, undefined> {
  yield* rows;
}

/** As `syscalls (update)`. */
export function partName({ group, job }: Pick<GroupResult, 'group' | 'job'>): string {
  return job === undefined ? group : `${group} (${job})`;
}

/** How rows ended, in one line. */
export function count(results: readonly GroupResult[]): string {
  const sum = (of: (result: GroupResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const [tried, survived] = [sum((result) => result.tried), sum((result) => result.survived)];
  const [missed, lost] = [sum((result) => result.missed.length), sum((result) => result.lost.length)];
  return `${tried} tried, ${survived} survived, ${missed} missed, ${lost} lost`;
}

/** @throws what it is lost for, also when it does not end */
export async function runWithin({ run, limitMs = ROW_LIMIT_MS }: Row): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hung: no end after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return (await Promise.race([run(), limit])) ?? undefined;
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function indent(text: string): string {
  return text.replace(/^/gm, '         ');
}
