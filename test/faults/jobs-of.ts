import type { JobName } from '../../src/jobs/index.js';
import type { Extent } from './row.js';
import { subjects } from './stand/subjects.js';

/** In the order in which they are tried. */
export const allJobs = Object.keys(subjects) as readonly JobName[];

/**
 * The jobs of an extent.
 *
 * @param short those of a short version, or how many are drawn for it; default: all
 */
export function jobsOf(
  { isShort, random, jobs }: Extent,
  short?: number | readonly JobName[],
): readonly JobName[] {
  if (jobs) return jobs;
  if (!isShort || short === undefined) return allJobs;
  if (typeof short !== 'number') return short;
  return random.draw(allJobs, short);
}
