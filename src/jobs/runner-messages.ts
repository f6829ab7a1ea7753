import type { Settings } from '../config/settings.js';
import type { JobName } from './index.js';

/** The launcher's one message to a runner. */
export interface JobOrder {
  readonly job: JobName;
  readonly root: string | undefined;
  readonly adminPath: string;
  /** Those of the daemon, which it read at its start. */
  readonly settings: Settings;
  /** An uploaded file, which the job takes over once it holds its lock. */
  readonly input: string | undefined;
}

/** The runner's one message to its launcher; the channel closes after it. */
export type RunnerReport =
  | { readonly report: 'started' }
  | { readonly report: 'locked' }
  | { readonly report: 'error'; readonly message: string };
