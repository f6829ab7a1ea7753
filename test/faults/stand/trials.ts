import type { JobName } from '../../../src/jobs/index.js';
import type { StandOptions } from './stand.js';
import { openTrial, type Trial } from './trial.js';

/** The trial of a job, for one row after the other; after a row that was lost they get a new one. */
export interface Trials {
  /** Of a round without a fault. */
  stages(): Promise<readonly string[]>;
  use<T>(act: (trial: Trial) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createTrials(job: JobName, options: Omit<StandOptions, 'prepare'> = {}): Trials {
  let trial: Trial | undefined;
  const open = async () => (trial ??= await openTrial(job, options));
  return {
    stages: async () => (await open()).stages,
    async use(act) {
      const current = await open();
      try {
        return await act(current);
      } catch (error) {
        trial = undefined;
        await current.close().catch(() => undefined);
        throw error;
      }
    },
    async close() {
      await trial?.close();
      trial = undefined;
    },
  };
}
