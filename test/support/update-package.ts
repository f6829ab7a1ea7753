import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createPackage } from '../../src/package/create.js';
import type { TestAppliance } from './appliance.js';

/** Makes a package that the appliance accepts, of the given files. @returns its path */
export async function makePackage(
  { root, paths, privateKey }: TestAppliance,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const work = await mkdtemp(join(root, 'package-'));
  const directory = join(work, 'content');
  await mkdir(directory);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  const outputFile = join(work, 'software_package.enc');
  await createPackage({ directory, keyFile: paths.updatesKey, privateKeyFile: privateKey, outputFile });
  return outputFile;
}
