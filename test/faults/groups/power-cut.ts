import type { JobName } from '../../../src/jobs/index.js';
import { killIfAlive } from '../../support/kill-if-alive.js';
import { poll } from '../../support/poll.js';
import { mayMount } from '../../support/tmpfs.js';
import { hasTool } from '../../support/tools.js';
import { createPoweredDisk, type PowerCut, type PoweredDisk } from '../disk/power.js';
import { processesOf } from '../oracle/leftovers.js';
import { jobsOf } from '../jobs-of.js';
import type { Random } from '../random.js';
import type { Extent, Group, Row } from '../row.js';
import { momentsOf, type NamedMoment } from '../stand/moments.js';
import type { Stand } from '../stand/stand.js';
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
  lacks() {
    const missing = ['mkfs.ext4', 'xfs_io', 'losetup'].filter((tool) => !hasTool(tool));
    if (missing.length > 0) return `it needs ${missing.join(', ')}`;
    return mayMount() ? undefined : 'it may not mount here';
  },
  async *rows(extent) {
    for (const job of jobsOf(extent, SHORT_JOBS)) {
      const disk = createPoweredDisk();
      try {
        yield* rowsOf(job, disk, extent);
      } finally {
        disk.close();
      }
    }
  },
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
              act: ({ stand, runner }) => cutPower(stand, runner, disk, how),
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
          trial.faultedIdle({ act: (stand) => cutPower(stand, 0, disk, how), mend: () => disk.plugIn() }),
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

/** Everything ends before the disk is gone, as no one can tell anything after a real one. */
async function cutPower(stand: Stand, runner: number, disk: PoweredDisk, how: PowerCut): Promise<void> {
  await stand.daemon.kill('SIGKILL');
  if (runner !== 0) killIfAlive(runner);
  await poll('every process has ended', async () => {
    const left = await processesOf(stand.appliance, [stand.daemon.process.pid]);
    left.forEach(({ pid }) => killIfAlive(pid));
    return left.length === 0;
  });
  disk.cut(how);
}
