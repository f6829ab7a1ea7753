import type { JobName } from '../../../src/jobs/index.js';
import { lacksPower, type PowerCut, type PoweredDisk } from '../disk/power.js';
import { cutPower } from '../disk/cut-power.js';
import { rowsOnPoweredDisks } from '../disk/powered-rows.js';
import { jobsOf } from '../jobs-of.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row } from '../row.js';
import { momentsOf, type NamedMoment } from '../stand/moments.js';
import { createTrials } from '../stand/trials.js';

const CUTS: readonly [PowerCut, PowerCut] = ['lost', 'names'];
/** A job's last writes follow its success within a few milliseconds. */
const SOON_MS = 20;
const SHORT_JOBS = 2;

export const powerCut: Group = {
  name: 'power-cut',
  about:
    'only what was synced is on the disk: at each stage of each job, at random moments, when success was told, idle',
  isByJob: true,
  lacks: lacksPower,
  rows: (extent) => rowsOnPoweredDisks(jobsOf(extent, SHORT_JOBS), (job, disk) => rowsOf(job, disk, extent)),
};

async function* rowsOf(
  job: JobName,
  disk: PoweredDisk,
  { isShort, random, product }: Extent,
): AsyncGenerator<Row> {
  const trials = createTrials(job, { parent: disk.directory, product });
  const own = random.fork(job);
  try {
    const stages = await trials.stages();
    const told = { name: 'when its success was told', at: () => ({ isTold: true, afterMs: 0 }) };
    const all = [...momentsOf(stages, own, 4), ...soonAfter(stages, own), told];
    const moments = isShort ? [own.pick(momentsOf(stages, own, 1)), told] : all;
    for (const { name, at } of moments) {
      for (const how of isShort ? [own.pick(CUTS)] : CUTS) {
        const run = () =>
          trials.use(async (trial) => {
            const { verdict } = await trial.faultedRound({
              ready: () => disk.sync(),
              moment: at(trial.shortestMs),
              act: ({ stand, runner }) => cutPower(stand, disk, how, runner),
              mend: () => disk.plugIn(),
            });
            return verdict;
          });
        yield { name: `${job}, ${name}, power cut (${how})`, run };
      }
    }
    // What a sandbox records of a reboot is not synced: nobody goes by it.
    for (const how of isShort || job === 'reboot' ? [] : CUTS) {
      const run = () =>
        trials.use((trial) =>
          trial.faultedIdle({ act: (stand) => cutPower(stand, disk, how), mend: () => disk.plugIn() }),
        );
      yield { name: `${job}, idle after it, power cut (${how})`, run };
    }
    yield { name: `${job}, nothing stays after all of them`, run: () => trials.close() };
  } finally {
    await trials.close();
  }
}

function soonAfter(stages: readonly string[], random: Random): NamedMoment[] {
  return [...new Set(stages)].map((stage) => {
    const afterMs = 1 + random.below(SOON_MS);
    return { name: `${afterMs} ms after ${stage}`, at: () => ({ stage, afterMs }) };
  });
}
