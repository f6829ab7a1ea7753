import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syncFileSystem } from '../../src/system/sync-file-system.js';
import { testWith } from '../support/tools.js';

const { PATH } = process.env;
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'admind-sync-'))));
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(directory, { recursive: true });
});

function pathOf(program: string): string {
  return spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
}

/** Puts a program in the place of `sync`. */
function install(text: string): void {
  writeFileSync(join(directory, 'sync'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  process.env.PATH = `${directory}:${PATH}`;
}

testWith('strace')('what could not be synced is an error that says why', async () => {
  const sync = pathOf('sync');
  // What strace itself prints goes elsewhere.
  install(`exec strace -qq -o /dev/null -e inject=syncfs:error=EIO '${sync}' "$@"`);
  await expect(syncFileSystem(directory)).rejects.toThrow(/error syncing '.*': Input\/output error$/);
});

test('all file systems are synced where sync knows no -f', async () => {
  install(
    `[ $# -eq 0 ] || { echo "sync: invalid option -- 'f'" >&2; exit 1; }
     echo all > '${directory}/done'`,
  );
  await syncFileSystem(directory);
  expect(readFileSync(join(directory, 'done'), 'utf8')).toBe('all\n');
});

test('no sync at all is an error', async () => {
  process.env.PATH = directory;
  await expect(syncFileSystem(directory)).rejects.toThrow('ENOENT');
});
