import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { command } from './command.js';

/** The package that `npm run package` has built. */
export async function builtPackage(): Promise<string> {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const architecture = (await command('dpkg', ['--print-architecture'])).trim();
  const name = `admind_${version}_${architecture}.deb`;
  const files = await readdir('build').catch((): string[] => []);
  if (!files.includes(name)) throw new Error(`build/${name} is missing: run npm run package first`);
  return resolve('build', name);
}

/** The archive for systems without dpkg that `npm run package` has built beside it. */
export async function builtArchive(): Promise<string> {
  return (await builtPackage()).replace(/admind_([^/_]*)_([^/]*)\.deb$/, 'admind-$1-$2.tar.gz');
}

/** The same package as it will be with another version, for an upgrade. @returns its path in `workspace` */
export async function repackage(file: string, version: string, workspace: string): Promise<string> {
  const tree = await mkdtemp(join(workspace, 'package-'));
  await command('dpkg-deb', ['--raw-extract', file, join(tree, 'root')]);
  const edit = async (name: string, pattern: RegExp, text: string) => {
    const path = join(tree, 'root', name);
    await writeFile(path, (await readFile(path, 'utf8')).replace(pattern, text));
  };
  await edit('DEBIAN/control', /^Version: .*$/m, `Version: ${version}`);
  await edit('usr/lib/admind/package.json', /"version": "[^"]*"/, `"version": "${version}"`);
  const out = join(workspace, `admind_${version}.deb`);
  // Quickly: it is installed once.
  await command('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', join(tree, 'root'), out]);
  return out;
}
