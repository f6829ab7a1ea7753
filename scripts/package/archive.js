import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * For systems without dpkg: what the package holds, and `install.sh` beside it. Changes `tree`; the same tree gives the
 * same bytes.
 */
export function writeArchive(tree, { name, file, epoch }) {
  for (const path of ['DEBIAN', 'usr/share/lintian']) rmSync(join(tree, path), { recursive: true });
  symlinkSync('usr/lib/admind/scripts/install.sh', join(tree, 'install.sh'));
  execFileSync('tar', [
    ...['--create', '--use-compress-program=gzip -n', `--file=${file}`, `--directory=${tree}`],
    ...['--format=gnu', '--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`],
    ...[`--transform=flags=r;s,^\\.,${name},`, '.'],
  ]);
}
