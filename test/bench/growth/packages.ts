import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBenchAppliance, type BenchAppliance } from '../appliance.js';
import { timeJob } from '../jobs.js';
import { residentMemory } from '../memory.js';
import { makeLargePackage } from '../package.js';
import { GIB, MIB, type Scene } from '../scene.js';
import { settleDisk, timed } from '../shell.js';
import { timeShellUpdate } from '../shell-update.js';
import { threeDigits } from '../statistics.js';
import { updateEnded } from '../update-ended.js';
import { upload } from '../upload.js';

export interface PackagePoint {
  readonly bytes: number;
  readonly uploadSeconds: number;
  readonly uploadPeakMiB: number;
  readonly updateSeconds: number;
  readonly shellSeconds: number;
}

const SIZES = [10 * MIB, 100 * MIB, GIB, 8 * GIB];
/** Package, input, decrypted archive, content, beside what the shell has made. */
const SPACE = 5;

/** Upload and update with larger and larger packages. */
export async function growthOfPackages(
  scene: Scene,
  print: (line: string) => void,
): Promise<readonly PackagePoint[]> {
  const appliance = await createBenchAppliance(scene);
  const points: PackagePoint[] = [];
  for (const size of SIZES) {
    const point = await measure(scene, appliance, scene.amount(size));
    points.push(point);
    print(
      `  ${threeDigits(point.bytes / MIB)} MiB: upload ${threeDigits(point.uploadSeconds)} s, ` +
        `update ${threeDigits(point.updateSeconds)} s, by shell ${threeDigits(point.shellSeconds)} s`,
    );
  }
  return points;
}

async function measure(scene: Scene, appliance: BenchAppliance, bytes: number): Promise<PackagePoint> {
  await scene.requireSpace(SPACE * bytes);
  const directory = join(scene.directory, `package-${bytes}`);
  await mkdir(directory);
  const file = await makeLargePackage(appliance, directory, bytes);
  const daemon = await appliance.start();
  await settleDisk();
  const uploadSeconds = await timed(async () => {
    const status = await upload(daemon.url + appliance.signed('POST', '/update'), 'update', file);
    if (status !== '202') throw new Error(`the upload was answered ${status}`);
  });
  const uploadPeakMiB = await residentMemory(daemon.pid, 'VmHWM');
  await updateEnded(appliance);
  await daemon.stop();
  const updateSeconds = await timeJob(appliance, 'update', { field: 'update', file });
  const shellSeconds = await timeShellUpdate(appliance, file, join(directory, 'shell'));
  await rm(directory, { recursive: true });
  return { bytes, uploadSeconds, uploadPeakMiB, updateSeconds, shellSeconds };
}
