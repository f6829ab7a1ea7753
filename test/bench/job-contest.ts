import { rm } from 'node:fs/promises';
import type { JobName } from '../../src/jobs/index.js';
import { createBenchAppliance, type BenchAppliance } from './appliance.js';
import type { Contest } from './contest.js';
import { timeJob, type JobInput } from './jobs.js';
import { MIB, type Scene } from './scene.js';
import { runShell, settleDisk, timed } from './shell.js';

export interface JobWork {
  readonly job: JobName;
  readonly input?: JobInput;
  /** A script that does the same, and its arguments. */
  readonly shell: readonly [script: string, ...args: string[]];
  /** What either side makes: each finds nothing of it. */
  readonly made: readonly string[];
}

export interface JobSize {
  readonly bytes: number;
  /** How many times these bytes are on the disk at most. */
  readonly copies: number;
}

/** A job against a shell script, in MiB/s. @param setUp makes what both work on */
export async function jobContest(
  scene: Scene,
  { bytes, copies }: JobSize,
  setUp: (appliance: BenchAppliance) => Promise<JobWork>,
): Promise<Contest> {
  await scene.requireSpace(copies * bytes);
  const appliance = await createBenchAppliance(scene);
  const { job, input, shell, made } = await setUp(appliance);
  const measure = async (work: () => Promise<number>) => {
    const seconds = await work();
    for (const path of made) await rm(path, { recursive: true, force: true });
    return bytes / MIB / seconds;
  };
  return {
    product: () => measure(() => timeJob(appliance, job, input)),
    peer: () =>
      measure(async () => {
        await settleDisk();
        return timed(() => runShell(...shell));
      }),
  };
}
