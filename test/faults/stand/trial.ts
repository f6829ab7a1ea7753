import assert from 'node:assert/strict';
import type { Response } from 'supertest';
import { sleep } from '../../../src/core/clock.js';
import type { JobName } from '../../../src/jobs/index.js';
import { ageStagedFiles, listFiles, stagedFiles } from '../oracle/leftovers.js';
import { judge, requireClean, type Tolerance } from '../oracle/judge.js';
import { openStand, type Stand, type StandOptions } from './stand.js';
import { subjects } from './subjects.js';
import type { Subject } from './subject.js';

/** Rounds of one job on one appliance: each is judged, and followed by one that must succeed. */
export interface Trial {
  readonly stand: Stand;
  readonly subject: Subject;
  /** The stages that the job passes through, in order. */
  readonly stages: readonly string[];
  /** What the longest round without a fault took. */
  readonly longestMs: number;
  /** A round that nothing disturbs. */
  plainRound(): Promise<void>;
  faultedRound(fault: Fault): Promise<void>;
  /** Asks once more that nothing stays for good, and takes the appliance down. */
  close(): Promise<void>;
}

export interface Fault {
  readonly moment: Moment;
  /** What goes wrong at that moment. */
  act(at: FaultedMoment): Promise<void> | void;
  /** Ends the fault before the round is judged. */
  mend?(): Promise<void> | void;
  readonly tolerance?: Tolerance;
}

/** Some time after a stage has begun; without a stage, after the job has. */
export interface Moment {
  readonly stage?: string;
  readonly afterMs: number;
}

export interface FaultedMoment {
  readonly stand: Stand;
  /** The pid of the process in which the job runs. */
  readonly runner: number;
}

const MOMENT_LIMIT_MS = 30_000;

export async function openTrial(job: JobName, options: Omit<StandOptions, 'prepare'> = {}): Promise<Trial> {
  const subject = subjects[job]();
  const stand = await openStand({ ...options, prepare: (appliance) => subject.prepare(appliance) });
  const { appliance } = stand;
  let round = 0;
  let current = 0;
  let longestMs = 0;
  let known: readonly string[] | undefined;
  const stages: string[] = [];

  const begin = async () => {
    round += 1;
    const { files = {}, secrets = {} } = await subject.make(appliance, round);
    for (const [name, secret] of Object.entries(secrets))
      stand.secrets.set(`${name} of round ${round}`, secret);
    return files;
  };

  const plainRound = async () => {
    const files = await begin();
    const began = performance.now();
    const answer = await ask(stand, subject, files);
    current = await judge({ stand, subject, round, before: current, code: answer, hasBegun: true });
    assert.ok(
      answer !== undefined && answer < 300,
      `a job that nothing disturbs is accepted, not answered ${answer ?? 'not at all'}`,
    );
    assert.equal(current, round, 'a job that nothing disturbs succeeds');
    longestMs = Math.max(longestMs, performance.now() - began);
    known ??= await listFiles(appliance);
    await requireClean(stand, known);
  };

  try {
    const forget = stand.onStage(({ stage }) => stages.push(stage));
    await plainRound();
    forget();
  } catch (error) {
    await stand.close();
    throw error;
  }

  return {
    stand,
    subject,
    stages,
    get longestMs() {
      return longestMs;
    },
    plainRound,
    async faultedRound({ moment, act, mend, tolerance = {} }) {
      const files = await begin();
      let hasBegun = false;
      const forget = stand.onStage(() => (hasBegun = true));
      const reached = reach(stand, subject.job, moment);
      const answer = ask(stand, subject, files);
      try {
        await act({ stand, runner: await reached });
      } finally {
        await mend?.();
      }
      // One that was killed answers nothing more.
      const code = await answer;
      forget();
      if (!stand.isServing()) await stand.restart();
      current = await judge({ stand, subject, round, before: current, code, hasBegun, tolerance });
      await requireClean(stand, known ?? []);
      await plainRound();
    },
    async close() {
      try {
        await ageStagedFiles(appliance);
        await stand.restart();
        assert.deepEqual(await stagedFiles(appliance), [], 'a start removes what killed writers have left');
      } finally {
        await stand.close();
      }
    },
  };
}

/** @returns the status of the answer; undefined when there was none */
async function ask(
  { daemon }: Stand,
  { request: { method, path, fields = {} } }: Subject,
  files: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const call = daemon.call(method, path);
  for (const [name, value] of Object.entries(fields)) void call.field(name, value);
  for (const [name, file] of Object.entries(files)) void call.attach(name, file);
  return call.then(
    ({ status }: Response) => status,
    () => undefined,
  );
}

/** Resolves with the pid of the job's process when the moment has come. */
async function reach(stand: Stand, job: JobName, { stage, afterMs }: Moment): Promise<number> {
  const runner = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      reject(new Error(`${job} never came to ${stage ?? 'its first stage'}`));
    }, MOMENT_LIMIT_MS);
    const forget = stand.onStage((event) => {
      if (event.job !== job || (stage !== undefined && event.stage !== stage)) return;
      forget();
      clearTimeout(timer);
      resolve(event.pid);
    });
  });
  if (afterMs > 0) await sleep(afterMs);
  return runner;
}
