import { rename } from 'node:fs/promises';
import { scriptEnvironment } from '../appliance/script-environment.js';
import { productPath } from '../config/paths.js';
import { ignoreMissing, messageOf } from '../core/errors.js';
import type { Lock } from '../system/lock.js';
import { privileged } from '../system/privilege.js';
import { runScript } from '../system/script.js';
import { JobFailure, type JobContext } from './job.js';
import { openJobRecords, type JobRecords, type RecordedJob } from './job-records.js';

export interface JobParts extends RecordedJob {
  /** An uploaded file, which the job takes over. */
  readonly input: string | undefined;
  /** Held by the caller, who releases it. */
  readonly lock: Lock;
  /** Aborted when the job shall stop. */
  readonly stop: AbortSignal;
}

export interface JobOutcome {
  readonly state: 'success' | 'failed';
  readonly reason?: string;
}

/**
 * Begins a job: when this resolves, its status reads `running` and its input is its own.
 *
 * @throws the system error that kept it from beginning; the status is `failed` then, if it can be written
 */
export async function beginJob(parts: JobParts): Promise<JobRecords> {
  const records = openJobRecords(parts);
  try {
    await records.begin();
    await records.cleanUp();
    await takeOverInput(parts);
    return records;
  } catch (error) {
    await records.log.line(messageOf(error));
    await records.fail(parts.job.texts.unexpected).catch(() => undefined);
    throw error;
  }
}

/** Runs a begun job to its end and publishes the outcome. */
export async function runJob(parts: JobParts, records: JobRecords): Promise<JobOutcome> {
  const { job, stop } = parts;
  try {
    const success = await job.run(contextOf(parts, records));
    await records.succeed(success);
    return { state: 'success' };
  } catch (error) {
    const reason = stop.aborted ? messageOf(stop.reason) : reasonOf(error);
    if (stop.aborted) {
      await records.log.line(`${job.title} was stopped: ${reason}`);
      await records.fail(job.texts.interrupted);
    } else if (error instanceof JobFailure) {
      await records.fail(error.error);
    } else {
      await records.log.line(reason);
      await records.fail(job.texts.unexpected);
    }
    return { state: 'failed', reason };
  }
}

function contextOf({ paths, settings, lock, stop }: JobParts, records: JobRecords): JobContext {
  return {
    paths,
    settings,
    log: records.log,
    async stage(name) {
      stop.throwIfAborted();
      await records.stage(name);
    },
    runSystemScript(name, timeoutMs) {
      const env = scriptEnvironment(paths);
      return runScript({
        command: privileged(productPath('scripts', name), env, paths.root !== undefined),
        cwd: paths.admin,
        env,
        log: records.log.file,
        logLimitBytes: settings.scriptOutputLimitBytes,
        timeoutMs,
        signal: stop,
        onStart: (group) => lock.addGroup(group),
      });
    },
  };
}

/** A missing upload is left for the job to report. */
async function takeOverInput({ job, paths, input }: JobParts): Promise<void> {
  if (input === undefined || job.input === undefined) return;
  await rename(input, job.input(paths)).catch(ignoreMissing);
}

/** For the daemon's log: the deepest thing that is known. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof JobFailure ? (error.cause ?? error) : error);
}
