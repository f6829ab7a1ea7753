import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import type { JobLog } from '../records/job-log.js';
import type { JobError, StatusFiles } from '../records/job-status.js';
import type { ScriptResult } from '../system/script.js';

/**
 * Long work that changes the machine, as a value: where its records are, what it says, what it does. `runner.ts`
 * runs it in a process of its own, `launcher.ts` starts that process, `settle.ts` ends what a crash left.
 */
export interface Job {
  /** Also the name of its lock. */
  readonly name: string;
  /** As refusals name it: `Update is already running`. */
  readonly title: string;
  /** Code of the refusal to start it twice. */
  readonly busyCode?: string;
  /** Stages that its log and status pass through, and the percentage of each. */
  readonly stages: Readonly<Record<string, number>>;
  readonly texts: JobTexts;
  status(paths: Paths): StatusFiles;
  log(paths: Paths): { readonly file: string; readonly mode: number };
  /** Where the uploaded file is moved once the job holds its lock; one of `staged`. */
  input?(paths: Paths): string;
  /** What is removed before the job begins, after it in every case, and after a crash. */
  staged(paths: Paths): readonly string[];
  /**
   * @returns how the job succeeded, if not in the usual way: at 100 percent, with its `succeeded` text
   * @throws JobFailure for a failure with its own message; any other error is an `unexpected` one
   */
  run(context: JobContext): Promise<JobSuccess | undefined>;
}

export interface JobSuccess {
  readonly percentage: number;
  /** The last line of the log. */
  readonly text: string;
}

export interface JobTexts {
  /** @param type the appliance's type in lower case */
  started(type: string): string;
  succeeded(type: string): string;
  failed(type: string): string;
  /** A crash or a stop cut the job off. */
  readonly interrupted: JobError;
  /** A fault in the job itself. */
  readonly unexpected: JobError;
}

export interface JobContext {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly log: JobLog;
  /** Publishes a stage: its percentage is in the status when this resolves. */
  readonly stage: (name: string) => Promise<void>;
  /**
   * Runs one of the product's system scripts (`scripts/<name>`) with the privilege that it needs; its output goes to
   * the job's log. Its process group counts as the job's.
   *
   * @param timeoutMs 0 for no limit
   */
  runSystemScript(name: string, timeoutMs: number): Promise<ScriptResult>;
}

/** The job failed in a way that it has words for. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';

  /** @param error undefined where a script has already written message and code */
  constructor(
    readonly error: JobError | undefined,
    options: { readonly cause?: unknown } = {},
  ) {
    super(error?.message ?? 'the script reported an error of its own', options);
  }
}
