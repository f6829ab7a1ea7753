import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jobs, type JobName } from '../../../src/jobs/index.js';
import type { TestAppliance } from '../../support/appliance.js';
import { mayMount } from '../../support/tmpfs.js';
import { fillBytes, fillInodes, type Fill } from '../disk/fill.js';
import { createSmallDisk, separate } from '../disk/small-disks.js';
import { jobsOf } from '../jobs-of.js';
import type { Extent, Group, Row } from '../row.js';
import { awaitEnd } from '../stand/await-end.js';
import type { Moment, Outcome, Trial } from '../stand/trial.js';
import { createTrials } from '../stand/trials.js';

/** Directories that may be file systems of their own. */
const PARTS: Readonly<Record<string, (appliance: TestAppliance) => string>> = {
  etc: ({ paths }) => paths.etc,
  log: ({ paths }) => paths.log,
  home: ({ paths }) => dirname(paths.incoming),
  data: ({ paths }) => paths.data,
  tmp: ({ paths }) => paths.tmp,
  lib: ({ paths }) => paths.lib,
};
const SHORT_JOBS = 2;
const KIB = 1024;
/** A job that does not succeed with so much free never will. */
const MOST_FREE = { KiB: 48 * 1024, files: 1024 };
const FIRST_FREE = { KiB: 4, files: 1 };

const WHY = /no space left|not enough disk space|bytes that are free/i;
/** Answers that are the same whatever went wrong. */
const LEFT_TO_THE_LOG = /See the log|Unable to extract backup archive/;

export const noSpace: Group = {
  name: 'no-space',
  about:
    'the disk or a part of it is full, of bytes or of files: before each job, at each of its stages, with a little free',
  isByJob: true,
  lacks: () => (mayMount() ? undefined : 'it may not mount here'),
  async *rows(extent) {
    for (const job of jobsOf(extent, SHORT_JOBS)) {
      yield* rowsOfOneDisk(job, extent);
      if (!extent.isShort) yield* rowsOfParts(job, extent);
    }
  },
};

async function* rowsOfOneDisk(job: JobName, { isShort, random }: Extent): AsyncGenerator<Row> {
  const disk = createSmallDisk();
  // What scripts of the stand write there is not what is tried.
  const furnish = ({ root, paths }: TestAppliance) =>
    separate([join(root, 'work'), ...(job === 'reboot' ? [paths.data] : [])]);
  const trials = createTrials(job, { parent: disk.directory, furnish });
  const tryIt = (how: Partial<Full>) => trials.use((trial) => tryFull(trial, how));
  const own = random.fork(job);
  const tryAt = async (stage: string) => (await tryIt({ moment: { stage, afterMs: 0 } })).verdict;
  try {
    const [first = '', ...others] = new Set(await trials.stages());
    const stages: readonly [string, ...string[]] = [first, ...others];
    for (const stage of isShort ? [own.pick(stages)] : stages) {
      yield { name: `${job}, no space at ${stage}`, run: () => tryAt(stage) };
    }
    yield* rowsUntilSuccess(job, 'KiB', isShort, (free) => tryIt({ left: free * KIB }));
    yield* rowsUntilSuccess(job, 'files', isShort, (free) => tryIt({ left: free, fill: fillInodes }));
    yield { name: `${job}, nothing stays after no space`, run: () => trials.close() };
  } finally {
    await trials.close();
    disk.close();
  }
}

/** With nothing free, then with more and more. */
function* rowsUntilSuccess(
  job: JobName,
  unit: keyof typeof MOST_FREE,
  isShort: boolean,
  tryIt: (free: number) => Promise<Outcome>,
): Generator<Row> {
  const last: { hasSucceeded: boolean } = { hasSucceeded: false };
  for (let free = 0; !last.hasSucceeded; free = free === 0 ? FIRST_FREE[unit] : 2 * free) {
    const isLast = free > MOST_FREE[unit];
    const run = async () => {
      assert.ok(!isLast, 'it succeeds with enough space');
      last.hasSucceeded = (await tryIt(free)).hasSucceeded;
      assert.ok(last.hasSucceeded || job !== 'reboot', 'a machine whose disk is full can be rebooted');
    };
    yield { name: `${job}, ${free} ${unit} free`, run };
    if (isShort || isLast) return;
  }
}

async function* rowsOfParts(job: JobName, { random }: Extent): AsyncGenerator<Row> {
  const furnish = (appliance: TestAppliance) =>
    separate(Object.values(PARTS).map((place) => place(appliance)));
  const trials = createTrials(job, { furnish });
  const own = random.fork(`${job} parts`);
  try {
    const [first = '', ...others] = new Set(await trials.stages());
    for (const part of Object.keys(PARTS)) {
      const tryIt = async (how: Partial<Full>) =>
        (await trials.use((trial) => tryFull(trial, { part, ...how }))).verdict;
      yield { name: `${job}, no space in ${part} before it`, run: () => tryIt({}) };
      const stage = own.pick([first, ...others]);
      const run = () => tryIt({ moment: { stage, afterMs: 0 } });
      yield { name: `${job}, no space in ${part} at ${stage}`, run };
    }
    yield { name: `${job}, nothing stays after no space in its parts`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

interface Full {
  /** Default: all of it. */
  readonly part: string | undefined;
  /** When it gets full; default: before the job is asked for. */
  readonly moment: Moment;
  readonly fill: Fill;
  readonly left: number;
}

async function tryFull(trial: Trial, how: Partial<Full>): Promise<Outcome> {
  const { part, moment, fill = fillBytes, left = 0 } = how;
  const { appliance } = trial.stand;
  const directory = part === undefined ? appliance.root : (PARTS[part]?.(appliance) ?? '');
  let free: (() => Promise<void>) | undefined;
  const mayLoseLog = part === undefined || part === 'log';
  const { file } = jobs[trial.subject.job].log(appliance.paths);
  const readLog = () => readFile(file, 'utf8').catch(() => '');
  const before = (await readLog()).length;
  const told = trial.stand.printed();
  const outcome = await trial.faultedRound({
    async ready() {
      if (!moment) free = await fill(directory, left);
    },
    ...(moment && { moment }),
    async act(at) {
      if (moment) free = await fill(directory, left);
      await awaitEnd(at, told);
      const { status } = await at.stand.daemon.call('get', '/version');
      assert.ok(status === 200 || status === 404, `a request is answered on a full disk, not with ${status}`);
    },
    mend: () => free?.(),
    tolerance: () => ({ losesLog: mayLoseLog }),
  });
  const { code, text } = outcome;
  if (code !== undefined && code >= 400) {
    const log = (await readLog()).slice(before);
    const isTold = WHY.test(text) || WHY.test(log) || (mayLoseLog && LEFT_TO_THE_LOG.test(text));
    assert.ok(isTold, `answer ${code} or log say why, not: ${text}\n${log}`);
  }
  return outcome;
}
