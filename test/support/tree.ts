import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that a restore keeps of what lies below `directory`: one line a file, sorted. */
export function describeTree(directory: string): string[] {
  const names = namesBelow(directory, '').sort();
  const firstNames = new Map<number, string>();
  return names.map((name) => {
    const path = join(directory, name);
    const stats = lstatSync(path);
    const common = `${name} ${stats.uid}:${stats.gid} ${Math.floor(stats.mtimeMs / 1000)}`;
    if (stats.isSymbolicLink()) return `${common} -> ${readlinkSync(path)}`;
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) return `${common} ${mode}/`;
    const first = firstNames.get(stats.ino) ?? name;
    firstNames.set(stats.ino, first);
    const link = first === name ? '' : ` = ${first}`;
    const hash = stats.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)
      : '?';
    return `${common} ${mode} ${stats.size} ${hash}${link}`;
  });
}

/** Unlike the recursive `readdir`, which goes through links. */
function namesBelow(directory: string, parent: string): string[] {
  return readdirSync(join(directory, parent), { withFileTypes: true }).flatMap((entry) => {
    const name = join(parent, entry.name);
    return entry.isDirectory() ? [name, ...namesBelow(directory, name)] : [name];
  });
}
