import assert from 'node:assert/strict';
import { sleep } from '../../../src/core/clock.js';
import type { JobName } from '../../../src/jobs/index.js';
import { ageStagedFiles, knownFiles, stagedFiles } from '../oracle/leftovers.js';
import { attributesOf } from '../oracle/attributes.js';
import { watchCommandLines } from '../oracle/command-lines.js';
import { judge, requireClean, type Known, type Tolerance } from '../oracle/judge.js';
import { awaitSettled, awaitTold } from '../oracle/truth.js';
import type { Verdict } from '../row.js';
import { ask } from './ask.js';
import { isRunning } from './children.js';
import { openStand, type Stand, type StandOptions } from './stand.js';
import { subjects } from './subjects.js';
import type { Subject } from './subject.js';

/** Rounds of one job on one appliance: each is judged, and followed by one that must succeed. */
export interface Trial {
  readonly stand: Stand;
  readonly subject: Subject;
  /** The stages that the job passes through, in order. */
  readonly stages: readonly string[];
  /** What the job took from its first stage to its end, in the quickest round without a fault. */
  readonly shortestMs: number;
  /** A round that nothing disturbs. */
  plainRound(): Promise<void>;
  faultedRound(fault: Fault): Promise<Outcome>;
  /** Between two rounds: whatever the last one has brought about is still there, and the next one works. */
  faultedIdle(fault: Pick<Fault, 'mend'> & { act(stand: Stand): Promise<void> | void }): Promise<void>;
  /** Asks once more that nothing stays for good, and takes the appliance down. */
  close(): Promise<void>;
}

export interface Fault {
  /** Done before the job is asked for, when all that it works on is there. */
  ready?(stand: Stand): Promise<void> | void;
  /** Default: as soon as the job has been asked for. */
  readonly moment?: Moment;
  /** What goes wrong at that moment; `missed` where there was nothing for it to hit. */
  act?(at: FaultedMoment): Promise<void> | Promise<Verdict>;
  /** Ends the fault before the round is judged. */
  mend?(): Promise<void> | void;
  /** Asks for the job in another way than by the API. */
  ask?(stand: Stand, subject: Subject, files: Files): Promise<Answer>;
  /** Asked for when the fault has been mended. */
  tolerance?(): Tolerance;
}

export type Files = Readonly<Record<string, string>>;

export interface Answer {
  /** Its status; undefined when there was none. */
  readonly code: number | undefined;
  readonly text: string;
}

/** Some time after a stage has begun; without a stage, after the job has. */
export interface Moment {
  readonly stage?: string;
  /** Instead of a stage: after its success was to be seen. */
  readonly isTold?: boolean;
  readonly afterMs: number;
}

export interface FaultedMoment {
  readonly stand: Stand;
  readonly subject: Subject;
  /** What was sent. */
  readonly files: Files;
  /** The pid of the process in which the job runs; 0 where no moment of it was waited for. */
  readonly runner: number;
  readonly answered: Promise<Answer>;
}

/** How a round with a fault went. */
export interface Outcome extends Answer {
  readonly hasSucceeded: boolean;
  /** `missed` where the job had ended before the moment, or the fault found nothing. */
  readonly verdict: Verdict;
}

const MOMENT_LIMIT_MS = 30_000;

export async function openTrial(job: JobName, options: Omit<StandOptions, 'prepare'> = {}): Promise<Trial> {
  const subject = subjects[job]();
  const stand = await openStand({ ...options, prepare: (appliance) => subject.prepare(appliance) });
  const { appliance } = stand;
  let round = 0;
  let current = 0;
  let shortestMs = Infinity;
  let known: Known | undefined;
  const stages: string[] = [];
  let endWatch: () => void = () => undefined;

  const begin = async () => {
    round += 1;
    stand.seen.commandLines.clear();
    stand.seen.answers.clear();
    const { files = {}, secrets = {} } = await subject.make(appliance, round);
    for (const [name, secret] of Object.entries(secrets))
      stand.secrets.set(`${name} of round ${round}`, secret);
    endWatch();
    endWatch = watchCommandLines(stand);
    return files;
  };

  const plainRound = async () => {
    const files = await begin();
    let began = NaN;
    const forget = stand.onStage(() => (began ||= performance.now()));
    const { code, text } = await ask(stand, subject, files);
    await awaitSettled(subject.job, appliance);
    forget();
    stand.seen.answers.add(text);
    const lastedMs = performance.now() - began;
    if (lastedMs < shortestMs) shortestMs = lastedMs;
    current = await judge({ stand, subject, round, before: current, code, hasBegun: true });
    endWatch();
    assert.ok(
      code !== undefined && code < 300,
      `a job that nothing disturbs is accepted, not answered ${code ?? 'not at all'} ${text}`,
    );
    assert.equal(current, round, 'a job that nothing disturbs succeeds');
    known ??= { names: await knownFiles(appliance), attributes: await attributesOf(appliance) };
    await requireClean(stand, known);
  };

  try {
    const forget = stand.onStage(({ stage }) => stages.push(stage));
    await plainRound();
    forget();
  } catch (error) {
    endWatch();
    await stand.close();
    throw error;
  }

  return {
    stand,
    subject,
    stages,
    get shortestMs() {
      return shortestMs;
    },
    plainRound,
    async faultedRound(fault) {
      const { ready, moment, act, mend, ask: askFor = ask, tolerance } = fault;
      const files = await begin();
      let answer: Answer;
      let hasBegun = false;
      let verdict: Verdict;
      const forget = stand.onStage(() => (hasBegun = true));
      try {
        await ready?.(stand);
        const reached = moment ? reach(stand, subject.job, moment) : Promise.resolve(0);
        const answered = askFor(stand, subject, files);
        const runner = await reached;
        if (moment && moment.isTold !== true && !isRunning(runner)) verdict = 'missed';
        verdict = (await act?.({ stand, subject, files, runner, answered })) ?? verdict;
        // One that was killed answers nothing more.
        if (!mend) await answered;
        await mend?.();
        answer = await answered;
      } catch (error) {
        await mend?.();
        throw error;
      } finally {
        forget();
      }
      if (!stand.isServing()) await stand.restart();
      const { code, text } = answer;
      stand.seen.answers.add(text);
      const tolerated = tolerance?.() ?? {};
      const isTold = moment?.isTold === true;
      const judged = { stand, subject, round, before: current, code, hasBegun, isTold, tolerance: tolerated };
      current = await judge(judged);
      endWatch();
      const hasSucceeded = current === round;
      await requireClean(stand, known!, tolerated);
      await plainRound();
      return { ...answer, hasSucceeded, verdict };
    },
    async faultedIdle({ act, mend }) {
      try {
        await act(stand);
      } finally {
        await mend?.();
      }
      if (!stand.isServing()) await stand.restart();
      assert.equal(await subject.state(appliance), current, 'what was brought about is still there');
      await requireClean(stand, known!);
      await plainRound();
    },
    async close() {
      endWatch();
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

/** Resolves with the pid of the job's process when the moment has come. */
async function reach(stand: Stand, job: JobName, { stage, isTold, afterMs }: Moment): Promise<number> {
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
  if (isTold === true) await awaitTold(job, stand.appliance);
  if (afterMs > 0) await sleep(afterMs);
  return runner;
}
