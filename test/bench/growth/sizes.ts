import { asFigure, play, type Contest } from '../contest.js';
import { GIB, MIB, openScene, type Scene } from '../scene.js';
import { prepareUpdate } from '../update-contest.js';
import { prepareUpload } from '../upload-contest.js';
import { GROWTH_ROUNDS, type Figures, type Growth } from './growth.js';

const SIZES = [10 * MIB, 100 * MIB, GIB, 8 * GIB];
/** From here on one round: it lasts so long that what drifts evens out. */
const LARGE = GIB;

export const uploads: Growth = {
  name: 'growth-uploads',
  what: 'upload of larger and larger packages with `curl -F`; the most resident memory',
  peer: '`node:https` piping the request to a file',
  unit: 'MiB',
  measure: bySize(async (scene, bytes) =>
    asFigure(await prepareUpload(scene, bytes), ({ seconds, peakMiB }) => ({
      s: seconds,
      'memory MiB': peakMiB,
    })),
  ),
};

export const updates: Growth = {
  name: 'growth-updates',
  what: 'update with larger and larger packages',
  peer: 'openssl and tar',
  unit: 'MiB',
  measure: bySize(async (scene, bytes) =>
    asFigure(await prepareUpdate(scene, bytes), (rate) => ({ s: bytes / MIB / rate })),
  ),
};

function bySize(prepare: (scene: Scene, bytes: number) => Promise<Contest<Figures>>): Growth['measure'] {
  const measure = async (scene: Scene, size: number, print: (line: string) => void) => {
    const bytes = scene.amount(size);
    const count = scene.isQuick || size >= LARGE ? 1 : GROWTH_ROUNDS;
    const rounds = await play(await prepare(scene, bytes), count, (_round, played) => {
      print(`  ${(bytes / MIB).toPrecision(3)} MiB, round ${played}`);
    });
    return { amount: bytes / MIB, rounds };
  };
  return async (options, print) => {
    const points = [];
    for (const size of SIZES) {
      const scene = await openScene(options);
      try {
        points.push(await measure(scene, size, print));
      } finally {
        await scene.close();
      }
    }
    return points;
  };
}
