import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, lutimesSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const DIRECTORY_MODE = 0o755;
const PROGRAM_MODE = 0o755;
const FILE_MODE = 0o644;
const SUDOERS_MODE = 0o440;

/** As Debian wants documents: without name and time in the compressed file. */
export function compressDocuments(share) {
  for (const path of walk(share)) {
    if (/\/man\/|\/changelog$/.test(path)) execFileSync('gzip', ['-9n', path]);
  }
}

/** The files below `/etc`: an administrator's changes to them survive an upgrade. */
export function listConfigurationFiles(tree) {
  const files = [...walk(join(tree, 'etc'))].map((path) => `/${relative(tree, path)}\n`);
  return files.sort().join('');
}

export function sizeInKiB(tree) {
  let size = 0;
  for (const path of walk(tree)) size += Math.ceil(lstatSync(path).size / 1024);
  return size;
}

/** Modes and times that do not depend on where and when the tree was made. */
export function normalize(tree, epochSeconds) {
  for (const path of [...walk(tree), ...directories(tree)]) {
    const stats = lstatSync(path);
    if (!stats.isSymbolicLink()) chmodSync(path, modeOf(path, stats));
    lutimesSync(path, epochSeconds, epochSeconds);
  }
}

function modeOf(path, stats) {
  if (stats.isDirectory()) return DIRECTORY_MODE;
  if (path.endsWith('/etc/sudoers.d/admind')) return SUDOERS_MODE;
  return (stats.mode & 0o100) !== 0 ? PROGRAM_MODE : FILE_MODE;
}

function* walk(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function directories(directory) {
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [directory, ...below.flatMap(({ name }) => directories(join(directory, name)))];
}
