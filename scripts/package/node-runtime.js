import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const runtime = JSON.parse(readFileSync(join(import.meta.dirname, 'node-runtime.json'), 'utf8'));

/** Puts the pinned Node program and its licence into `directory`; throws when what was fetched is not what was pinned. */
export function fetchNodeRuntime(arch, directory) {
  const { package: name, integrity } = runtime[arch];
  const work = mkdtempSync(join(tmpdir(), 'admind-node-'));
  try {
    const [{ filename }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--prefer-offline', `${name}@${runtime.version}`], {
        cwd: work,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    const archive = join(work, filename);
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}: expected ${integrity}, found ${found}`);
    execFileSync('tar', ['-xzf', archive, '-C', work, 'package/bin/node', 'package/LICENSE']);
    mkdirSync(directory, { recursive: true });
    cpSync(join(work, 'package/bin/node'), join(directory, 'node'));
    cpSync(join(work, 'package/LICENSE'), join(directory, 'LICENSE.node'));
  } finally {
    rmSync(work, { recursive: true });
  }
}
