import type { JobName } from '../../../src/jobs/index.js';
import type { Row } from '../row.js';
import { createPoweredDisk, type PoweredDisk } from './power.js';

/** The rows of one job after the other, each job with a disk of its own. */
export async function* rowsOnPoweredDisks(
  jobs: readonly JobName[],
  rowsOf: (job: JobName, disk: PoweredDisk) => AsyncIterable<Row>,
): AsyncGenerator<Row> {
  for (const job of jobs) {
    const disk = createPoweredDisk();
    try {
      yield* rowsOf(job, disk);
    } finally {
      disk.close();
    }
  }
}
