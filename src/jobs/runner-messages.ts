import type { Settings } from '../config/settings.js';
import type { JobError } from '../records/job-status.js';
import type { JobName } from './index.js';

/** The launcher's first message to a runner: run a job, or end what a killed run of it has left and cut its log if it is overlong. */
export type JobOrder =
  | {
      readonly run: JobName;
      /** Uploaded files by form field, which the job takes over once it holds its lock. */
      readonly inputs: Readonly<Record<string, string>>;
    }
  | { readonly settle: JobName };

/** Of a launcher whose runner has the same rights: which appliance, and the settings that the daemon read at its start. */
export interface RunnerSetup {
  readonly root: string | undefined;
  readonly adminPath: string;
  readonly settings: Settings;
}

/** The launcher's second message: the client that asked for the job has its answer. */
export interface JobAnswered {
  readonly answered: true;
}

/** How a job ended; `reason` is the deepest that is known, for the daemon's log. */
export type JobOutcome =
  | { readonly state: 'success'; readonly result?: string | undefined }
  | { readonly state: 'failed'; readonly reason: string; readonly error?: JobError | undefined };

/** A runner's messages to its launcher: `begun` before a job that is run, one of the next four, and `ended` after `started`. */
export type RunnerReport =
  /** It holds its lock: what it still has to do may take long, as where it copies a large input. */
  | { readonly report: 'begun' }
  /** Its status reads `running`, and it needs none of the files that it was given any more. */
  | { readonly report: 'started' }
  | { readonly report: 'locked' }
  | { readonly report: 'conflict'; readonly with: JobName }
  /** `code`: the `errno` name, if a system error was the reason. */
  | { readonly report: 'error'; readonly message: string; readonly code?: string | undefined }
  | { readonly report: 'ended'; readonly outcome: JobOutcome };
