import { join } from 'node:path';
import type { Contest } from './contest.js';
import { jobContest } from './job-contest.js';
import { makeLargePackage } from './package.js';
import type { Scene } from './scene.js';

/** Updates, and the same by hand, as the README tells it; in MiB/s. */
export function prepareUpdate(scene: Scene, bytes: number): Promise<Contest> {
  return jobContest(scene, { bytes, copies: 5 }, async (appliance) => {
    const { updatesKey, updatesPublicKey } = appliance.paths;
    const file = await makeLargePackage(appliance, scene.directory, bytes);
    const work = join(scene.directory, 'shell');
    const shell = [UPDATE, work, file, updatesKey, updatesPublicKey] as const;
    return { job: 'update', input: { field: 'update', file }, shell, made: [work] };
  });
}

const UPDATE = `
mkdir -p "$1/content"
openssl enc -d -aes-256-cbc -md sha256 -pbkdf2 -pass "file:$3" -in "$2" | tar -xf - -C "$1"
openssl dgst -sha256 -verify "$4" -signature "$1/software_package.tar.gz.sign" "$1/software_package.tar.gz"
tar -xzf "$1/software_package.tar.gz" -C "$1/content"
sync -f "$1"`;
