import { systemScript } from '../appliance/system-script.js';
import { journalOf } from '../config/paths.js';
import { errnoOfSystemCall, ignoreUnwritable, messageOf } from '../core/errors.js';
import { captureScript } from '../system/captured-script.js';
import type { Change } from '../system/change.js';
import { exists } from '../system/exists.js';
import { findFileChange, recordDone, replaceFiles } from '../system/file-change.js';
import type { Lock } from '../system/lock.js';
import { describeFailure, isProgramMissing, runScript } from '../system/script.js';
import { JobFailure, type JobContext, type JobSuccess } from './job.js';
import { openJobRecords, type JobRecords, type RecordedJob } from './job-records.js';
import { runQuietly, spoolOf } from './quiet-script.js';
import type { JobOutcome } from './runner-messages.js';
import { takeOverInputs } from './take-over-inputs.js';

/** How often it is tried to have the machine follow what is put back, where each try is cut off. */
const FOLLOW_LIMIT = 3;

export interface JobParts extends RecordedJob {
  /** Uploaded files by form field, which the job takes over. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Held by the caller, who releases it. */
  readonly lock: Lock;
  /** Aborted when the job shall stop. */
  readonly stop: AbortSignal;
  readonly answered: Promise<void>;
  /** The user whose files the inputs have to be; undefined for this process's own. */
  readonly requester?: number | undefined;
}

/**
 * Begins a job: when this resolves, its status reads `running` and its inputs are its own.
 *
 * @throws the system error that kept it from beginning, or why it was stopped; the status is `failed` then, or the earlier one
 */
export async function beginJob(parts: JobParts): Promise<JobRecords> {
  const records = openJobRecords(parts);
  try {
    await records.begin();
    await records.boundingLog(async () => {
      await records.cleanUp();
      await takeOverInputs(parts.job, parts.paths, parts.inputs, parts.stop, parts.requester);
    });
    return records;
  } catch (error) {
    await logFailure(parts, records, error);
    await fail(parts, records, error).catch(() => undefined);
    throw parts.stop.aborted ? parts.stop.reason : error;
  }
}

/**
 * Runs a begun job to its end and publishes the outcome. A committed change is a success, whether it can be published or
 * not: where it cannot, the status reads `running` until the daemon settles it.
 *
 * @throws the system error that kept a failure from being published
 */
export function runJob(parts: JobParts, records: JobRecords): Promise<JobOutcome> {
  return records.boundingLog(() => runToItsEnd(parts, records));
}

async function runToItsEnd(parts: JobParts, records: JobRecords): Promise<JobOutcome> {
  const { job, stop } = parts;
  let change: Change | undefined;
  let success: JobSuccess | undefined;
  try {
    stop.throwIfAborted();
    success = await job.run(openJobContext(parts, records, stop, (begun) => (change = begun)));
    if (job.staysDone !== true) stop.throwIfAborted();
    const note = { percentage: success?.percentage, text: success?.text, fields: success?.fields };
    await change?.commit(note);
    // Where it cannot be recorded, it is a success nevertheless.
    if (job.staysDone === true)
      change ??= await recordDone(journalOf(parts.paths, job.name), note).catch(() => undefined);
  } catch (error) {
    await logFailure(parts, records, error);
    try {
      // One that could not be made is left where it could not be put back, either.
      change ??= await findFileChange(journalOf(parts.paths, job.name));
      await undo(parts, records, change);
    } catch (reason) {
      // It is found and put back by the daemon.
      await reportNotUndone(parts, records, reason);
    }
    return fail(parts, records, error);
  }
  try {
    await finish(parts, records, success, change);
    await success?.afterwards?.();
  } catch (error) {
    if (!change && job.staysDone !== true) {
      await logFailure(parts, records, error);
      return fail(parts, records, error);
    }
    parts.logger.error({ reason: messageOf(error) }, 'a success could not be published');
  }
  return { state: 'success', result: success?.result };
}

/** Publishes the success of a job whose change, if there is one, is committed. */
export async function finish(
  parts: JobParts,
  records: JobRecords,
  success: JobSuccess | undefined,
  change: Change | undefined,
): Promise<void> {
  const { job, logger } = parts;
  if (job.savesImage === true) {
    const failure = await saveImage(parts, records).catch(messageOf);
    if (failure !== undefined) await records.log.line(`Saving the live image failed: ${failure}`);
  }
  await records.succeed(success);
  await change?.close().catch((error: unknown) => {
    logger.error({ job: job.name, reason: messageOf(error) }, 'what a change replaced could not be removed');
  });
}

/** Where there is one. @returns what went wrong with it; @throws the system error that kept it from being run */
async function saveImage(
  { job, paths, settings, lock }: JobParts,
  { log }: JobRecords,
): Promise<string | undefined> {
  if (!(await exists(paths.symlinktool))) return undefined;
  const result = await runQuietly(spoolOf(paths, job.name), log, (spool) =>
    runScript({
      ...systemScript(paths, 'save-image.sh'),
      log: spool,
      logLimitBytes: settings.scriptOutputLimitBytes,
      timeoutMs: settings.scriptTimeLimitMs,
      needsNoSpace: true,
      onStart: (group) => lock.addGroup(group).catch(ignoreUnwritable),
    }),
  );
  const failure = describeFailure(result);
  return failure === undefined ? undefined : `symlinktool.sh ${failure}`;
}

/**
 * Puts a change back, has the machine follow that, and forgets the change: in this order, so that whoever finds it does again
 * what was cut off.
 *
 * @throws the system error that kept any of it from being done
 */
export async function undo(parts: JobParts, records: JobRecords, change: Change | undefined): Promise<void> {
  if (!change) return;
  const lost = await change.putBack();
  const failure = await followUndone(parts, records, change);
  await change.close();
  const told = lost ?? 'The previous state was put back';
  await records.log.line(
    failure === undefined ? told : `${told}, but the machine does not follow it: ${failure}`,
  );
}

/**
 * @returns what the job's script says against it, that it cannot be run at all, or that it was cut off too often
 * @throws the system error that kept it from being run, which may pass
 */
async function followUndone(
  parts: JobParts,
  records: JobRecords,
  change: Change,
): Promise<string | undefined> {
  const { job, logger } = parts;
  if (!job.afterUndo) return undefined;
  const cutOff = typeof change.note === 'number' ? change.note : 0;
  // A script that takes the machine down would do so at every start.
  if (cutOff >= FOLLOW_LIMIT) return `that was cut off ${cutOff} times`;
  await change.annotate(cutOff + 1).catch(() => undefined);
  try {
    // Not the job's own signal: the machine has to follow although the job was told to stop.
    await job.afterUndo(openJobContext(parts, records, new AbortController().signal, () => undefined));
    return undefined;
  } catch (error) {
    if (errnoOfSystemCall(error) !== undefined) {
      // What is missing may be about to be replaced, or never: each try counts.
      const counts = isProgramMissing(error);
      if (!counts) await change.annotate(cutOff).catch(() => undefined);
      if (!counts || cutOff + 1 < FOLLOW_LIMIT) throw error;
    }
    logger.error({ job: job.name, reason: messageOf(error) }, 'the machine does not follow an undone change');
    return messageOf(error);
  }
}

export async function reportNotUndone(
  { job, logger }: JobParts,
  { log }: JobRecords,
  error: unknown,
): Promise<void> {
  logger.error({ job: job.name, reason: messageOf(error) }, 'a change could not be undone completely');
  await log.line(`Putting the previous state back failed: ${messageOf(error)}`);
}

async function logFailure({ job, stop }: JobParts, { log }: JobRecords, error: unknown): Promise<void> {
  if (stop.aborted) await log.line(`${job.title} was stopped: ${messageOf(stop.reason)}`);
  else if (!(error instanceof JobFailure)) await log.line(messageOf(error));
  else if (error.error && !error.isLogged) await log.line(error.error.message);
}

/** Publishes a failure whose reason is in the log. */
async function fail({ job, stop }: JobParts, records: JobRecords, error: unknown): Promise<JobOutcome> {
  const { interrupted, unexpected } = job.texts;
  const isKnown = error instanceof JobFailure && !stop.aborted;
  const told = stop.aborted ? interrupted : isKnown ? error.error : unexpected;
  await records.fail(told, isKnown);
  return { state: 'failed', reason: stop.aborted ? messageOf(stop.reason) : reasonOf(error), error: told };
}

function openJobContext(
  { job, paths, settings, lock, answered }: JobParts,
  records: JobRecords,
  signal: AbortSignal,
  onChange: (change: Change) => void,
): JobContext {
  const onStart = (group: number) => lock.addGroup(group);
  return {
    paths,
    settings,
    log: records.log,
    signal,
    answered,
    async stage(name, isDone = false) {
      if (!isDone) signal.throwIfAborted();
      await records.stage(name);
    },
    progress: (percentage) => records.progress(percentage),
    async replaceFiles(replacements) {
      signal.throwIfAborted();
      onChange(await replaceFiles(journalOf(paths, job.name), replacements));
    },
    adopt: onChange,
    runScript(name, args, options) {
      const run = (file: string) =>
        runScript({
          ...systemScript(paths, name, args),
          log: file,
          logLimitBytes: options.logLimitBytes ?? settings.scriptOutputLimitBytes,
          timeoutMs: options.timeoutMs,
          killsLeftovers: options.killsLeftovers,
          needsNoSpace: job.needsNoSpace,
          signal,
          onStart,
        });
      if (options.isQuiet === true) return runQuietly(spoolOf(paths, job.name), records.log, run);
      return run(options.log ?? records.log.file);
    },
    captureScript: (name, args, options) =>
      captureScript({ ...systemScript(paths, name, args), ...options, signal, onStart }),
  };
}

/** For the daemon's log: the deepest thing that is known. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof JobFailure ? (error.cause ?? error) : error);
}
