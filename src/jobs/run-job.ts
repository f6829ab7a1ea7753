import { scriptEnvironment } from '../appliance/script-environment.js';
import { productPath, type Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { messageOf } from '../core/errors.js';
import { createJobLog, type JobLog } from '../records/job-log.js';
import { clearJobError, writeJobError, writeJobStatus, type JobError } from '../records/job-status.js';
import type { Lock } from '../system/lock.js';
import { privileged } from '../system/privilege.js';
import { runScript } from '../system/script.js';
import { JobFailure, type Job, type JobContext } from './job.js';

export interface JobParts {
  readonly job: Job;
  readonly paths: Paths;
  readonly settings: Settings;
  /** Held by the caller, who releases it. */
  readonly lock: Lock;
  /** Aborted when the job shall stop. */
  readonly stop: AbortSignal;
}

/** The context of a running job; knows the percentage that was published last. */
export interface RunningJob extends JobContext {
  readonly percentage: number;
}

export interface JobOutcome {
  readonly state: 'success' | 'failed';
  readonly reason?: string;
}

/** Publishes the start of a job: when this resolves, its status reads `running`. */
export async function beginJob({ job, paths, settings, lock, stop }: JobParts): Promise<RunningJob> {
  const files = job.status(paths);
  const log = openJobLog(job, paths, settings);
  let percentage = 0;
  const publish = async (next: number) => {
    percentage = next;
    await writeJobStatus(files, 'running', percentage);
  };
  await clearJobError(files);
  await publish(Object.values(job.stages)[0] ?? 0);
  await log.line(job.texts.started(settings.applianceType.toLowerCase()));
  return {
    paths,
    settings,
    log,
    get percentage() {
      return percentage;
    },
    async stage(name) {
      stop.throwIfAborted();
      const next = job.stages[name];
      if (next === undefined) throw new Error(`the job ${job.name} has no stage ${name}`);
      await publish(next);
    },
    runSystemScript(name, timeoutMs) {
      const env = scriptEnvironment(paths);
      return runScript({
        command: privileged(productPath('scripts', name), env, paths.root !== undefined),
        cwd: paths.admin,
        env,
        log: log.file,
        logLimitBytes: settings.scriptOutputLimitBytes,
        timeoutMs,
        signal: stop,
        onStart: (group) => lock.addGroup(group),
      });
    },
  };
}

/** Runs a begun job to its end and publishes the outcome; whatever it staged is gone before a client can see it. */
export async function runJob(job: Job, context: RunningJob, stop: AbortSignal): Promise<JobOutcome> {
  const { paths, settings, log } = context;
  const files = job.status(paths);
  const type = settings.applianceType.toLowerCase();
  try {
    const success = (await job.run(context)) ?? { percentage: 100, text: job.texts.succeeded(type) };
    await cleanUpOrSay(job, paths, log);
    await log.line(success.text);
    await writeJobStatus(files, 'success', success.percentage);
    return { state: 'success' };
  } catch (error) {
    const cause = stop.aborted ? job.texts.interrupted : failureOf(error, job);
    await cleanUpOrSay(job, paths, log);
    await publishFailure(job, context, log, cause);
    return { state: 'failed', reason: reasonOf(stop.aborted ? stop.reason : error) };
  }
}

/** What cannot be removed now is tried again later: it does not change how the job ended. */
export function cleanUpOrSay(job: Job, paths: Paths, log: JobLog): Promise<void> {
  return job.cleanUp(paths).catch((reason: unknown) => log.line(`Cleaning up failed: ${messageOf(reason)}`));
}

/** The log as every process that runs or settles the job writes it. */
export function openJobLog(job: Job, paths: Paths, settings: Settings): JobLog {
  const { file, mode } = job.log(paths);
  return createJobLog(file, settings.applianceType, mode);
}

/** Error first, status last: a client that sees `failed` finds the reason, too. */
export async function publishFailure(
  job: Job,
  at: { readonly paths: Paths; readonly settings: Settings; readonly percentage: number },
  log: JobLog,
  error: JobError | undefined,
): Promise<void> {
  const files = job.status(at.paths);
  if (error) {
    await writeJobError(files, error);
    await log.line(error.message);
  }
  await log.line(job.texts.failed(at.settings.applianceType.toLowerCase()));
  await writeJobStatus(files, 'failed', at.percentage);
}

/** For the daemon's log: the deepest thing that is known. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof JobFailure ? (error.cause ?? error) : error);
}

function failureOf(error: unknown, job: Job): JobError | undefined {
  return error instanceof JobFailure ? error.error : job.texts.unexpected;
}
