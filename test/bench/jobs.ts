import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_ADMIN_PATH } from '../../src/config/paths.js';
import { createContext } from '../../src/context.js';
import type { JobName } from '../../src/jobs/index.js';
import type { TestAppliance } from '../support/appliance.js';
import { settleDisk, timed } from './shell.js';

/** An uploaded file, by its form field. */
export interface JobInput {
  readonly field: string;
  readonly file: string;
}

/** Resolves once the job's status reads `running`. @returns its end, which throws Error when the job fails */
export type StartJob = (name: JobName, input?: JobInput) => Promise<{ readonly ended: Promise<void> }>;

/** Starts jobs in processes of their own, as the API and the SSH command start them. A job takes its input over. */
export function jobStarter({ root }: TestAppliance): StartJob {
  const { launcher } = createContext({ root, adminPath: DEFAULT_ADMIN_PATH, channel: 'ssh' });
  return async (name, input) => {
    const { ended } = await launcher.start(name, input && { [input.field]: input.file });
    // A job keeps no process alive that waits for it.
    const alive = setInterval(() => undefined, 60_000);
    const end = async () => {
      const outcome = await ended.finally(() => clearInterval(alive));
      if (outcome.state === 'failed') throw new Error(`${name} failed: ${outcome.reason}`);
    };
    return { ended: end() };
  };
}

/**
 * Runs a job to its end: what is measured has the process's start and the files that say how it went in it.
 *
 * @param input the job gets a copy of it
 * @returns seconds
 */
export async function timeJob(appliance: TestAppliance, name: JobName, input?: JobInput): Promise<number> {
  const start = jobStarter(appliance);
  const copy = input && { ...input, file: join(appliance.paths.incoming, 'bench-input') };
  if (copy) await copyFile(input.file, copy.file);
  await settleDisk();
  return timed(async () => {
    const { ended } = await start(name, copy);
    await ended;
  });
}
