import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { ignoreMissing } from '../core/errors.js';
import { ArchiveError } from '../package/archive-error.js';
import { entrySegments } from '../package/entry-path.js';
import { mayLeadOut } from '../package/link-rule.js';
import { printable } from '../package/printable.js';
import { readTextFile } from '../system/atomic-file.js';

/**
 * What the vendor wants to be backed up: the paths in `etc/backup.txt`, relative to `/data`, one a line, without those
 * that lie below another one. Blank lines are passed over.
 *
 * @throws ArchiveError that names the line and what is wrong with it
 */
export async function readBackupList({ backupList, data }: Paths): Promise<readonly string[]> {
  const text = (await readTextFile(backupList)) ?? '';
  const name = basename(backupList);
  const paths: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const refuse = (reason: string) =>
      new ArchiveError(`${name}, line ${index + 1}: "${printable(line)}" ${reason}`);
    const segments = entrySegments(line, refuse);
    await requirePresent(data, segments, refuse);
    paths.push(segments.join('/') || '.');
  }
  if (paths.length === 0) throw new ArchiveError(`${name} names nothing to back up`);
  return withoutNested(paths);
}

/** Present, and neither behind a link nor a link that leads out: a backup of it would silently hold nothing. */
async function requirePresent(
  data: string,
  segments: readonly string[],
  refuse: (reason: string) => Error,
): Promise<void> {
  for (let depth = 1; depth <= segments.length; depth += 1) {
    const path = segments.slice(0, depth).join('/');
    const stats = await lstat(join(data, path)).catch(ignoreMissing);
    if (!stats) throw refuse(`is missing in ${data}`);
    const isLast = depth === segments.length;
    if (!isLast && stats.isSymbolicLink())
      throw refuse(`leads through the link ${path}. Name what it leads to`);
    if (!isLast && !stats.isDirectory()) throw refuse(`is missing in ${data}`);
    if (isLast && stats.isSymbolicLink() && mayLeadOut(path, await readlink(join(data, path)), data)) {
      throw refuse(`is a link that may lead out of ${data}`);
    }
  }
}

function withoutNested(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  const isBelowAnother = (path: string): boolean => {
    if (path === '.') return false;
    const parent = dirname(path);
    return all.has(parent) || isBelowAnother(parent);
  };
  return [...all].filter((path) => !isBelowAnother(path));
}
