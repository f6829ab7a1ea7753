import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import { isDiskFull, isUnwritable, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { createJobLog, type JobLog } from '../records/job-log.js';
import {
  clearJobError,
  readsRunning,
  writeJobError,
  writeJobStatus,
  type JobError,
  type JobState,
  type StatusFields,
} from '../records/job-status.js';
import { overwriteFile } from '../system/overwrite-file.js';
import { freePath } from '../system/remove-tree.js';
import type { Job, JobSuccess } from './job.js';
import { createLogCeiling } from './log-ceiling.js';
import { spoolOf } from './quiet-script.js';

export interface RecordedJob {
  readonly job: Job;
  readonly paths: Paths;
  readonly settings: Settings;
  readonly logger: Logger;
}

/**
 * What a job tells and what it leaves on disk, in the order that clients may rely on: a percentage is published before
 * its work begins; what the job staged is gone, its error and its last log line are written, before a client can
 * see that it ended. Only the status decides: a log line, an error text or a clean-up that fails is reported to the
 * daemon's log and changes nothing.
 */
export interface JobRecords {
  readonly log: JobLog;
  /** Does something, and keeps the log bounded meanwhile, whoever prints into it. */
  boundingLog<T>(work: () => Promise<T>): Promise<T>;
  /** When this resolves, the status reads `running`. */
  begin(): Promise<void>;
  /** Publishes a stage of the job. */
  stage(name: string): Promise<void>;
  /** Publishes a percentage between two stages. */
  progress(percentage: number): Promise<void>;
  /** Publishes `running` at the same percentage once more: proves that the status can be written. */
  republish(): Promise<void>;
  /** Removes what is staged, of an earlier run, too. */
  cleanUp(): Promise<void>;
  succeed(success: JobSuccess | undefined): Promise<void>;
  /**
   * Of a job that could not begin, an earlier status stays.
   *
   * @param error undefined where a script has already written message and code, or there is nothing to add
   * @param isLogged the message is in the log already
   */
  fail(error: JobError | undefined, isLogged?: boolean): Promise<void>;
}

/** What a job may leave when it is killed. */
export function stagedBy(job: Job, paths: Paths): readonly string[] {
  return [...job.staged(paths), spoolOf(paths, job.name)];
}

/** @param percentage that was published last */
export function openJobRecords({ job, paths, settings, logger }: RecordedJob, percentage = 0): JobRecords {
  const files = job.status(paths);
  const { file, mode } = job.log(paths);
  const ceiling = createLogCeiling({ job, paths, settings, logger });
  const log = ceiling.raisedBy(createJobLog(file, settings.applianceType, logger, mode));
  const type = settings.applianceType.toLowerCase();
  const fieldsOf = (state: JobState) => job.statusFields?.(state, percentage) ?? { percentage };
  let hasBegun = false;
  // What cannot begin is refused, and an earlier status stays.
  const mayOverwrite = (state: JobState) => job.needsNoSpace === true || (hasBegun && state !== 'running');
  const overwrite = async (state: JobState, fields: StatusFields, error: unknown) => {
    if (!isDiskFull(error) || !mayOverwrite(state)) throw error;
    await writeJobStatus(files, state, fields, overwriteFile).catch(() => {
      throw error;
    });
  };
  const write = async (state: JobState, fields: StatusFields) => {
    try {
      await writeJobStatus(files, state, fields).catch((error: unknown) => overwrite(state, fields, error));
    } catch (error) {
      if (job.needsNoSpace !== true || !isUnwritable(error)) throw error;
      logger.error({ job: job.name, state, reason: messageOf(error) }, 'a status could not be written');
    }
  };
  const publish = async (next: number) => {
    percentage = next;
    await write('running', fieldsOf('running'));
  };
  const tellError = (error: JobError) =>
    writeJobError(files, error).catch((reason: unknown) => {
      logger.error({ job: job.name, reason: messageOf(reason) }, 'the error of a job could not be written');
    });
  const tell = (stage: string) => logger.debug({ job: job.name, stage }, 'stage');

  const cleanUp = async () => {
    for (const path of stagedBy(job, paths)) {
      await freePath(path).catch((error: unknown) => {
        logger.error({ job: job.name, reason: messageOf(error) }, 'what a job staged could not be removed');
        return log.line(`Cleaning up failed: ${messageOf(error)}`);
      });
    }
  };

  return {
    log,
    boundingLog: ceiling.enforcing,
    cleanUp,
    async begin() {
      const [first = '', percentageOfFirst = 0] = Object.entries(job.stages)[0] ?? [];
      await publish(percentageOfFirst);
      hasBegun = true;
      tell(first);
      await clearJobError(files);
      await log.line(job.texts.started(type, paths));
    },
    async stage(name) {
      const next = job.stages[name];
      if (next === undefined) throw new Error(`the job ${job.name} has no stage ${name}`);
      await publish(next);
      tell(name);
    },
    progress: publish,
    republish: () => publish(percentage),
    async succeed(success = {}) {
      await cleanUp();
      percentage = success.percentage ?? 100;
      await log.line(success.text ?? job.texts.succeeded(type));
      await log.sync();
      await write('success', success.fields ?? fieldsOf('success'));
    },
    async fail(error, isLogged = false) {
      await cleanUp();
      const isToTell = hasBegun || (await readsRunning(files));
      if (error) {
        if (isToTell) await tellError(error);
        if (!isLogged) await log.line(error.message);
      }
      await log.line(job.texts.failed(type));
      await log.sync();
      if (isToTell) await write('failed', fieldsOf('failed'));
    },
  };
}
