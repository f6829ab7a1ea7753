import type { Paths } from '../config/paths.js';
import type { Settings } from '../config/settings.js';
import type { JobLog } from '../records/job-log.js';
import type { JobError, JobState, StatusFields, StatusFiles } from '../records/job-status.js';
import type { CapturedResult } from '../system/captured-script.js';
import type { Change } from '../system/change.js';
import type { FileReplacement } from '../system/file-change.js';
import type { LoggedResult } from '../system/script.js';
import type { JobName } from './index.js';

/**
 * Long work that changes the machine, as a value: where its records are, what it says, what it does. `runner.ts`
 * runs it in a process of its own, `launcher.ts` starts that process, `settle.ts` ends what a crash left.
 */
export interface Job {
  /** Also the name of its lock. */
  readonly name: JobName;
  /** As refusals name it: `Update is already running`. */
  readonly title: string;
  /** Code of the refusal to start it twice. */
  readonly busyCode?: string;
  /** Stages that its log and status pass through, and the percentage of each. */
  readonly stages: Readonly<Record<string, number>>;
  readonly texts: JobTexts;
  /**
   * It works although a disk that is full or read-only keeps its lock, status and log from being written: it may be what helps
   * against that.
   */
  readonly needsNoSpace?: boolean;
  /** A change of another job that cannot be put right does not keep it from starting: it may be what helps against that. */
  readonly isRemedy?: boolean;
  /** The live image, where there is one, is saved when the job has succeeded. */
  readonly savesImage?: boolean;
  /** What it has done cannot be put back: once it has ended well, it is a success, whatever cuts it off after that. */
  readonly staysDone?: boolean;
  status(paths: Paths): StatusFiles;
  /** What a JSON status says beside its state; default: the percentage. */
  statusFields?(state: JobState, percentage: number): StatusFields;
  log(paths: Paths): { readonly file: string; readonly mode: number };
  /** Where uploaded files are moved, by form field, once the job holds its lock; all of them are `staged`. */
  inputs?(paths: Paths): Readonly<Record<string, string>>;
  /** What is removed before the job begins, after it in every case, and after a crash. */
  staged(paths: Paths): readonly string[];
  /**
   * @returns how the job succeeded, if not in the usual way: at 100 percent, with its `succeeded` text
   * @throws JobFailure for a failure with its own message; any other error is an `unexpected` one
   */
  run(context: JobContext): Promise<JobSuccess | undefined>;
  /**
   * Makes the machine follow what an undone change has put back, again where that was cut off, or a system error kept it from
   * being done. What else it throws is logged.
   */
  afterUndo?(context: JobContext): Promise<void>;
  /** Finds a change that a killed run has left; default: what `replaceFiles` of the context had begun. */
  findChange?(paths: Paths): Promise<Change | undefined>;
}

export interface JobSuccess {
  readonly percentage?: number;
  /** The last line of the log. */
  readonly text?: string;
  /** For a JSON status, instead of the percentage. */
  readonly fields?: StatusFields;
  /** For whoever waits for the end of the job: JSON text. */
  readonly result?: string;
  /** Done when the success is published, still under the lock; what it throws makes the job a failed one. */
  afterwards?(): Promise<void>;
}

export interface JobTexts {
  /** @param type the appliance's type in lower case */
  started(type: string, paths: Paths): string;
  succeeded(type: string): string;
  failed(type: string): string;
  /** A crash or a stop cut the job off. */
  readonly interrupted?: JobError;
  /** A fault in the job itself. */
  readonly unexpected?: JobError;
}

export interface JobContext {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly log: JobLog;
  /** Aborted when the job shall stop. */
  readonly signal: AbortSignal;
  /** Resolves when the client that asked for the job has its answer, or cannot get it any more. */
  readonly answered: Promise<void>;
  /**
   * Publishes a stage: its percentage is in the status when this resolves.
   *
   * @param isDone that it is too late to stop the job
   */
  readonly stage: (name: string, isDone?: boolean) => Promise<void>;
  /** Publishes a percentage between two stages. */
  readonly progress: (percentage: number) => Promise<void>;
  /**
   * Replaces files together. They stay if the job succeeds, also when it is killed after that; in every other case
   * all of them are put back. At most one change a job.
   */
  replaceFiles(replacements: readonly FileReplacement[]): Promise<void>;
  /** The same for a change of another kind; the job's `findChange` finds it. */
  adopt(change: Change): void;
  /** Runs one of the product's system scripts; its output goes to the job's log. Its process group counts as the job's. */
  runScript(name: string, args: readonly string[], options: ScriptOptions): Promise<LoggedResult>;
  /** The same for what the script prints. */
  captureScript(name: string, args: readonly string[], options: CaptureOptions): Promise<CapturedResult>;
}

export interface ScriptOptions {
  /** 0 for no limit. */
  readonly timeoutMs: number;
  /** Default: the job's log. */
  readonly log?: string;
  /** Whether its output reaches the job's log only if it fails. */
  readonly isQuiet?: boolean;
  /** Default: `scriptOutputLimitBytes`. */
  readonly logLimitBytes?: number;
  /** Whether background children that the script leaves running are killed; default: they are left alone. */
  readonly killsLeftovers?: boolean;
}

export interface CaptureOptions {
  readonly timeoutMs: number;
  readonly outputLimitBytes: number;
}

/** The job failed in a way that it has words for. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  /** Whether the message is in the log already. */
  readonly isLogged: boolean;

  /** @param error undefined where a script has already written message and code */
  constructor(
    readonly error: JobError | undefined,
    options: { readonly cause?: unknown; readonly isLogged?: boolean } = {},
  ) {
    super(error?.message ?? 'the script reported an error of its own', options);
    this.isLogged = options.isLogged ?? false;
  }
}
