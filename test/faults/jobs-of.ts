import type { JobName } from '../../src/jobs/index.js';
import type { Extent } from './row.js';
import { subjects } from './stand/subjects.js';

/** The jobs of an extent. @param short how many are drawn for a short version */
export function jobsOf({ isShort, random, jobs }: Extent, short: number): readonly JobName[] {
  if (jobs) return jobs;
  const all = Object.keys(subjects) as JobName[];
  if (!isShort) return all;
  return Array.from({ length: short }, () => all.splice(random.below(all.length), 1)).flat();
}
